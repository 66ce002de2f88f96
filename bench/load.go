package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"syscall"
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
// answer contains the text. next makes the n-th request of a connection. Requests are made before the clock starts, so
// that those which are dear to make leave the server as little rest as others do.
func load(p *process, connections int, d time.Duration, want string, next func(connection, n int) []byte) (result, error) {
	const most = 40_000 // calls a second, of all connections: more than any server here answers on one core.
	g := &generator{want: []byte(want), requests: make([][][]byte, connections)}
	for n := range int(d.Seconds()*most)/connections + 1 {
		for c := range g.requests {
			g.requests[c] = append(g.requests[c], next(c, n))
		}
	}
	defer g.close()
	if err := g.dial(p.address, connections); err != nil {
		return result{}, err
	}
	before, err := p.cpu()
	if err != nil {
		return result{}, err
	}
	begin := time.Now()
	if err := g.run(begin.Add(d)); err != nil {
		return result{}, err
	}
	took := time.Since(begin)
	after, err := p.cpu()
	if err != nil {
		return result{}, err
	}
	if len(g.times) == 0 {
		return result{}, errors.New("no call was answered")
	}
	slices.Sort(g.times)
	return result{calls: len(g.times), took: took, cpu: after - before, p99: g.times[len(g.times)*99/100]}, nil
}

// generator keeps all connections busy from one goroutine by the system's own event queue, which it asks again and again
// without ever sleeping: to wake a sleeper on another core is the dearest part of a write on a virtual machine (20 µs and
// more), and the slower of two servers would pay for it more often than the faster one beside it.
type generator struct {
	want []byte
	// requests are those of each connection, in order.
	requests [][][]byte
	queue    int
	conns    []*conn
	times    []time.Duration
}

// conn is one kept-alive connection with at most one call on its way.
type conn struct {
	fd    int
	calls int
	begun time.Time
	// answer holds what came of the answer so far.
	answer []byte
}

func (g *generator) dial(address string, connections int) (err error) {
	if g.queue, err = syscall.EpollCreate1(0); err != nil {
		return err
	}
	for range connections {
		c, err := newConn(address)
		if err != nil {
			return err
		}
		g.conns = append(g.conns, c)
		event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(len(g.conns) - 1)}
		if err := syscall.EpollCtl(g.queue, syscall.EPOLL_CTL_ADD, c.fd, &event); err != nil {
			return err
		}
	}
	return nil
}

func (g *generator) close() {
	for _, c := range g.conns {
		c.close()
	}
	_ = syscall.Close(g.queue)
}

// run keeps the connections busy until the time, then waits for the answers that are due.
func (g *generator) run(end time.Time) error {
	for i, c := range g.conns {
		if err := c.send(g.requests[i][0]); err != nil {
			return err
		}
	}
	const patience = 30 * time.Second
	events := make([]syscall.EpollEvent, len(g.conns))
	for due := len(g.conns); due > 0; {
		n, err := syscall.EpollWait(g.queue, events, 0)
		if err != nil && err != syscall.EINTR {
			return err
		}
		if n <= 0 && time.Since(end) > patience {
			return errors.New("the server has not answered in time")
		}
		for _, e := range events[:max(n, 0)] {
			more, err := g.receive(int(e.Fd), end)
			if err != nil {
				return err
			}
			if !more {
				due--
			}
		}
	}
	return nil
}

// receive reads what has come over a connection. When that is a whole answer it sends the next request, unless it is too
// late for that; then it returns false.
func (g *generator) receive(i int, end time.Time) (more bool, err error) {
	c := g.conns[i]
	body, err := c.receive()
	if err != nil || body == nil {
		return true, err
	}
	now := time.Now()
	g.times = append(g.times, now.Sub(c.begun))
	if !bytes.Contains(body, g.want) {
		return false, fmt.Errorf("the answer does not contain %q: %.300s", g.want, body)
	}
	if now.After(end) || c.calls == len(g.requests[i]) {
		return false, nil
	}
	return true, c.send(g.requests[i][c.calls])
}

func newConn(address string) (*conn, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	c := &conn{fd: fd, answer: make([]byte, 0, 64<<10)}
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}); err != nil {
		c.close()
		return nil, err
	}
	if err := syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *conn) close() { _ = syscall.Close(c.fd) }

func (c *conn) send(request []byte) error {
	c.calls++
	c.begun = time.Now()
	for len(request) > 0 {
		n, err := syscall.Write(c.fd, request)
		if err != nil {
			return err
		}
		request = request[n:]
	}
	return nil
}

// receive reads once and returns the body when the answer is whole, nil before. The body is valid until the next call.
func (c *conn) receive() ([]byte, error) {
	n, err := syscall.Read(c.fd, c.answer[len(c.answer):cap(c.answer)])
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, errors.New("the server closed the connection, or its answer is larger than 64 KB")
	}
	c.answer = c.answer[:len(c.answer)+n]
	head := bytes.Index(c.answer, []byte("\r\n\r\n"))
	if head < 0 {
		return nil, nil
	}
	length, err := contentLength(c.answer[:head+2])
	if err != nil {
		return nil, err
	}
	body := c.answer[head+4:]
	if len(body) < length {
		return nil, nil
	}
	c.answer = c.answer[:0]
	return body[:length], nil
}

func contentLength(header []byte) (int, error) {
	_, rest, found := bytes.Cut(header, []byte("\r\nContent-Length: "))
	if !found {
		return 0, fmt.Errorf("an answer without Content-Length: %q", header)
	}
	text, _, _ := bytes.Cut(rest, []byte("\r\n"))
	return strconv.Atoi(string(text))
}

// call sends one request and waits for its answer.
func (c *conn) call(request []byte) ([]byte, error) {
	if err := c.send(request); err != nil {
		return nil, err
	}
	for {
		body, err := c.receive()
		if err != nil || body != nil {
			return body, err
		}
	}
}

// post makes the bytes of a POST with a form.
func post(path, form string) []byte {
	return fmt.Appendf(nil, "POST /%s HTTP/1.1\r\nHost: accounts.us1.gigya.com\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		path, len(form), form)
}
