// Command probe asks one Postgres server again and again whether it accepts a write: each in a transaction of its own,
// whether or not earlier ones have been answered. It prints a line of JSON for each attempt that ended, until its standard
// input is closed. With -prepare it makes the empty table instead, with -list it prints the rows. $PROBE_URL holds the
// credentials.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// dialling is how long a connection may take. An answer to a write is waited for until the end: one that comes late,
	// from a server that hung meanwhile, counts as much as any.
	dialling = 3 * time.Second
	// parting is how long open attempts have at the end.
	parting = 3 * time.Second
	// sessions that may be open at once.
	sessions = 40
)

// attempt is one write that ended. Its row is in the table for good if the error is empty.
type attempt struct {
	Row    string    `json:"row"`
	Sent   time.Time `json:"sent"`
	Ended  time.Time `json:"ended"`
	Error  string    `json:"error,omitempty"`
	Refuse bool      `json:"refused,omitempty"` // the server answered that it takes no writes
}

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("probe", flag.ContinueOnError)
	host := flags.String("host", "", "address of the server, instead of the one in $PROBE_URL")
	name := flags.String("name", "", "name of the server, in each row")
	every := flags.Duration("every", 50*time.Millisecond, "time between two attempts")
	prepare := flags.Bool("prepare", false, "make the table, empty, and end")
	list := flags.Bool("list", false, "print all rows and end")
	if err := flags.Parse(args); err != nil {
		return err
	}
	config, err := pgx.ParseConfig(os.Getenv("PROBE_URL"))
	if err != nil {
		return errors.New("PROBE_URL is no URL of Postgres") // the cause would quote the password
	}
	if *host != "" {
		config.Host, config.Fallbacks = *host, nil
	}
	config.ConnectTimeout = dialling
	switch {
	case *prepare:
		return once(ctx, config, "drop table if exists chaos_probe; create table chaos_probe (id text primary key, server text not null)", out)
	case *list:
		return once(ctx, config, "select id from chaos_probe", out)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, in)
		close(stop)
		time.AfterFunc(parting, cancel)
	}()
	p := &prober{config: config, name: *name, idle: make(chan *pgx.Conn, sessions), out: json.NewEncoder(out)}
	p.attempts(ctx, stop, *every)
	return nil
}

// once carries out some SQL and prints what it selects.
func once(ctx context.Context, config *pgx.ConnConfig, sql string, out io.Writer) error {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	results, err := conn.PgConn().Exec(ctx, sql).ReadAll()
	if err != nil {
		return fmt.Errorf("asking: %w", err)
	}
	for _, result := range results {
		for _, row := range result.Rows {
			if _, err := fmt.Fprintf(out, "%s\n", row[0]); err != nil {
				return fmt.Errorf("printing: %w", err)
			}
		}
	}
	return nil
}

type prober struct {
	config *pgx.ConnConfig
	name   string
	idle   chan *pgx.Conn

	mu  sync.Mutex
	out *json.Encoder
}

// attempts starts one attempt after the other until it is stopped, and waits for the open ones until the context ends.
func (p *prober) attempts(ctx context.Context, stop <-chan struct{}, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	free := make(chan struct{}, sessions)
	var open sync.WaitGroup
	defer open.Wait()
	for number := 0; ; number++ {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		select {
		case free <- struct{}{}:
		default:
			continue // all sessions wait for an answer
		}
		open.Go(func() {
			p.attempt(ctx, fmt.Sprintf("%s-%d-%d", p.name, os.Getpid(), number))
			<-free
		})
	}
}

func (p *prober) attempt(ctx context.Context, row string) {
	a := attempt{Row: row, Sent: time.Now()}
	err := p.write(ctx, row)
	a.Ended = time.Now()
	if err != nil {
		a.Error = err.Error()
		refused, ok := errors.AsType[*pgconn.PgError](err)
		a.Refuse = ok && refused.Code == "25006" // read_only_sql_transaction
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.out.Encode(a) // whoever does not read any more needs no lines
}

// write makes a row in an idle session, or in a new one. A session in which something went wrong is not used again.
func (p *prober) write(ctx context.Context, row string) error {
	var conn *pgx.Conn
	select {
	case conn = <-p.idle:
	default:
		var err error
		if conn, err = pgx.ConnectConfig(ctx, p.config); err != nil {
			return fmt.Errorf("connecting: %w", err)
		}
	}
	if _, err := conn.Exec(ctx, "insert into chaos_probe (id, server) values ($1, $2)", row, p.name); err != nil {
		// The end is not waited for: the server may be silent.
		go func() { _ = conn.Close(context.Background()) }()
		return fmt.Errorf("writing: %w", err)
	}
	p.idle <- conn // there is room for all
	return nil
}
