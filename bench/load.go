package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strconv"
	"sync"
	"time"
)

// result is what a load came to.
type result struct {
	calls int
	took  time.Duration
	// cpu is the server's processor time.
	cpu time.Duration
	// p99 is the time that 99 of 100 answers took at most; of several results the worst.
	p99 time.Duration
}

func (r result) rate() float64 { return float64(r.calls) / r.took.Seconds() }

// perCall is the server's processor time for one call.
func (r result) perCall() time.Duration { return r.cpu / time.Duration(max(r.calls, 1)) }

// slicesOfLoad is how often the two sides of a comparison take turns: what else the machine does meets both.
const slicesOfLoad = 5

// alternate measures several things in turns, each for d in all, and returns a result for each.
func alternate(d time.Duration, sides ...func(d time.Duration) (result, error)) ([]result, error) {
	sums := make([]result, len(sides))
	for range slicesOfLoad {
		for i, side := range sides {
			got, err := side(d / slicesOfLoad)
			if err != nil {
				return nil, err
			}
			sums[i].add(got)
		}
	}
	return sums, nil
}

func (r *result) add(more result) {
	r.calls += more.calls
	r.took += more.took
	r.cpu += more.cpu
	r.p99 = max(r.p99, more.p99)
}

// load sends requests over the connections for the time, each connection one after the other, and checks that every
// answer contains the text. next makes the n-th request of a connection.
func load(p *process, connections int, d time.Duration, want string, next func(connection, n int) []byte) (result, error) {
	before, err := p.cpu()
	if err != nil {
		return result{}, err
	}
	var mu sync.Mutex
	var all []time.Duration
	var failed error
	var workers sync.WaitGroup
	begin := time.Now()
	for c := range connections {
		workers.Go(func() {
			times, err := talk(p.address, begin.Add(d), []byte(want), func(n int) []byte { return next(c, n) })
			mu.Lock()
			defer mu.Unlock()
			all = append(all, times...)
			failed = errors.Join(failed, err)
		})
	}
	workers.Wait()
	took := time.Since(begin)
	after, err := p.cpu()
	if err = errors.Join(failed, err); err != nil {
		return result{}, err
	}
	if len(all) == 0 {
		return result{}, errors.New("no call was answered")
	}
	slices.Sort(all)
	return result{
		calls: len(all), took: took, cpu: after - before,
		p99: all[len(all)*99/100],
	}, nil
}

func talk(address string, end time.Time, want []byte, next func(n int) []byte) ([]time.Duration, error) {
	conn, err := newConn(address)
	if err != nil {
		return nil, err
	}
	defer conn.close()
	var times []time.Duration
	for n := 0; time.Now().Before(end); n++ {
		request := next(n)
		begin := time.Now()
		body, err := conn.call(request)
		if err != nil {
			return nil, err
		}
		times = append(times, time.Since(begin))
		if !bytes.Contains(body, want) {
			return nil, fmt.Errorf("the answer does not contain %q: %.300s", want, body)
		}
	}
	return times, nil
}

// conn is one kept-alive connection.
type conn struct {
	conn   net.Conn
	reader *bufio.Reader
}

func newConn(address string) (*conn, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &conn{c, bufio.NewReaderSize(c, 64<<10)}, nil
}

func (c *conn) close() { _ = c.conn.Close() }

func (c *conn) call(request []byte) ([]byte, error) {
	if _, err := c.conn.Write(request); err != nil {
		return nil, err
	}
	return answer(c.reader)
}

func answer(r *bufio.Reader) ([]byte, error) {
	text := textproto.NewReader(r)
	if _, err := text.ReadLine(); err != nil {
		return nil, err
	}
	header, err := text.ReadMIMEHeader()
	if err != nil {
		return nil, err
	}
	length, err := strconv.Atoi(header.Get("Content-Length"))
	if err != nil {
		return nil, fmt.Errorf("an answer without Content-Length: %w", err)
	}
	body := make([]byte, length)
	_, err = io.ReadFull(r, body)
	return body, err
}

// post makes the bytes of a POST with a form.
func post(path, form string) []byte {
	return fmt.Appendf(nil, "POST /%s HTTP/1.1\r\nHost: accounts.us1.gigya.com\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		path, len(form), form)
}
