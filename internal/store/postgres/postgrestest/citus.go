package postgrestest

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// CitusVariable makes the tests run that need Citus: three servers are much for a small machine, so they are skipped
// otherwise. It holds the URL of a coordinator (postgres://…) whose workers it knows, or 1: then the cluster is made, and the extension must
// be installed beside the server's binaries; where it is not, the tests fail.
const CitusVariable = "DOORWARD_TEST_CITUS"

// CitusCluster is a coordinator and its workers.
type CitusCluster struct {
	Coordinator *Cluster
	Workers     []*Cluster
	// given is the URL of the coordinator that the variable names; the others are nil then.
	given string
}

// AnyCitus returns the cluster that [CitusVariable] names, or one of the test's own, of which only [CitusCluster.URL] is of use. The
// test is skipped unless the variable is set.
func AnyCitus(t testing.TB) *CitusCluster {
	t.Helper()
	if given := givenCitus(); given != "" {
		return &CitusCluster{given: given}
	}
	return Citus(t)
}

// givenCitus is the URL of the coordinator that the variable names; empty: none is.
func givenCitus() string {
	if server := os.Getenv(CitusVariable); strings.HasPrefix(server, "postgres://") || strings.HasPrefix(server, "postgresql://") {
		return server
	}
	return ""
}

// Citus returns a cluster of a coordinator and two workers on loopback, of the test's own, whose servers it may stop and break. It
// ends with the test. The test is skipped unless [CitusVariable] is set, and if that names a cluster, which is not to be broken.
func Citus(t testing.TB, settings ...string) *CitusCluster {
	t.Helper()
	switch {
	case os.Getenv(CitusVariable) == "":
		t.Skipf("NOT TESTED ON CITUS: install the extension and set %s=1", CitusVariable)
	case givenCitus() != "":
		t.Skipf("NOT TESTED ON THE GIVEN CITUS: the test needs its workers at hand; set %s=1 for one of its own", CitusVariable)
	}
	// All are told what any needs. Nodes meet on loopback without TLS. What a lost node has left half done is looked after each
	// second, where a minute is usual.
	settings = append([]string{"shared_preload_libraries=citus", "max_prepared_transactions=200", "citus.node_conninfo=sslmode=disable",
		"citus.recover_2pc_interval=1000"}, settings...)
	nodes := make([]*Cluster, 3)
	for i := range nodes {
		nodes[i] = Own(t, settings...)
		if err := nodes[i].Run("CREATE EXTENSION citus"); err != nil {
			t.Fatalf("making a node of Citus: %v", err)
		}
	}
	c := &CitusCluster{Coordinator: nodes[0], Workers: nodes[1:]}
	join := fmt.Sprintf("SELECT citus_set_coordinator_host('127.0.0.1', %d)", c.Coordinator.port)
	for _, w := range c.Workers {
		join += fmt.Sprintf("; SELECT citus_add_node('127.0.0.1', %d)", w.port)
	}
	if err := c.Coordinator.Run(join); err != nil {
		t.Fatalf("making a cluster of Citus: %v", err)
	}
	return c
}

// URL returns the URL of an empty schema at the coordinator.
func (c *CitusCluster) URL(t testing.TB) string {
	t.Helper()
	if c.given != "" {
		return externalSchema(t, c.given)
	}
	u, _ := newSchema(t, c.Coordinator.URL())
	return u
}
