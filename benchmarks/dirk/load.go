package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

const requestTimeout = 30 * time.Second

// Order says what to load Dirk with. Its requests have the numbers from 0 on.
type Order struct {
	Pubkeys        []string `json:"pubkeys"`         // 0x and hex; of the accounts 0, 1 and so on
	OneRoot        bool     `json:"one_root"`        // RANDAO reveals of one epoch, else attestations
	Batch          int      `json:"batch"`           // keys of each request; 0 for one key
	Connections    int      `json:"connections"`     // each has one request under way
	First          uint64   `json:"first"`           // epoch of the first request
	Requests       int      `json:"requests"`        // how many, or 0 for as many as the seconds allow
	Seconds        float64  `json:"seconds"`         // of a closed loop
	Rate           float64  `json:"rate"`            // requests due per second, or 0 for a closed loop
	Pid            int      `json:"pid"`             // Dirk's process
	AttesterDomain string   `json:"attester_domain"` // 32 bytes as hex, without 0x
	RandaoDomain   string   `json:"randao_domain"`
}

// Result is what came back; times are in seconds. Its members are those of the Python generator.
type Result struct {
	Elapsed   float64        `json:"elapsed"`
	CPU       float64        `json:"cpu"` // of Dirk's process meanwhile
	Latencies []float64      `json:"latencies"`
	Late      []float64      `json:"late"`
	Answers   map[int]string `json:"answers"` // by number of the request, as the HTTP API has them
	Sent      int            `json:"sent"`
	Errors    int            `json:"errors"`
	Problem   string         `json:"problem"`
}

// task is a request that is due. An open loop's latency counts from then.
type task struct {
	number int
	due    time.Time
}

// load sends what the order says, and returns when all has come back.
func load(folder, port string, order *Order) (*Result, error) {
	messages, err := newMessages(order)
	if err != nil {
		return nil, err
	}
	transport, err := transportOf(folder)
	if err != nil {
		return nil, err
	}
	connections := make([]*grpc.ClientConn, order.Connections)
	for number := range connections {
		connection, err := grpc.NewClient("127.0.0.1:"+port, grpc.WithTransportCredentials(transport))
		if err != nil {
			return nil, err
		}
		defer connection.Close()
		if err := connect(connection); err != nil {
			return nil, err
		}
		connections[number] = connection
	}
	run := &running{messages: messages, result: Result{Answers: map[int]string{}}}
	cpu := cpuOf(order.Pid)
	started := time.Now()
	if order.Rate > 0 {
		run.open(connections, order, started)
	} else {
		run.closed(connections, order, started)
	}
	run.result.Elapsed = time.Since(started).Seconds()
	run.result.CPU = cpuOf(order.Pid) - cpu
	return &run.result, nil
}

// cpuOf tells a process's seconds of user and system time: clock_getcpuclockid(3).
func cpuOf(pid int) float64 {
	var found unix.Timespec
	if err := unix.ClockGettime(int32((^pid<<3)|2), &found); err != nil {
		return 0
	}
	return float64(found.Nano()) / 1e9
}

func connect(connection *grpc.ClientConn) error {
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	connection.Connect()
	for state := connection.GetState(); state.String() != "READY"; state = connection.GetState() {
		if !connection.WaitForStateChange(ctx, state) {
			return fmt.Errorf("cannot connect to Dirk: it is %s", state)
		}
	}
	return nil
}

func transportOf(folder string) (credentials.TransportCredentials, error) {
	certificate, err := tls.LoadX509KeyPair(
		filepath.Join(folder, "client.crt"), filepath.Join(folder, "client.key"),
	)
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(filepath.Join(folder, "ca.crt"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	return credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{certificate},
		RootCAs:      pool,
		ServerName:   serverName,
	}), nil
}

// running collects what comes back.
type running struct {
	messages *messages
	mutex    sync.Mutex
	result   Result
}

// closed keeps each connection busy. Worker w of c sends the requests w, w + c and so on. With keys
// in turn and a number of keys that c divides, each key's requests come in their order, because Dirk
// refuses an attestation that is older than another of its key.
func (r *running) closed(connections []*grpc.ClientConn, order *Order, started time.Time) {
	end := started.Add(time.Duration(order.Seconds * float64(time.Second)))
	var workers sync.WaitGroup
	for worker, connection := range connections {
		workers.Go(func() {
			for number := worker; ; number += len(connections) {
				now := time.Now()
				if order.Requests > 0 && number >= order.Requests {
					return
				}
				if order.Requests == 0 && now.After(end) {
					return
				}
				r.send(connection, task{number, now})
			}
		})
	}
	workers.Wait()
}

// open hands out requests at a constant rate. The requests of a worker wait for each other, so that
// each key's come in their order.
func (r *running) open(connections []*grpc.ClientConn, order *Order, started time.Time) {
	total := max(1, int(order.Seconds*order.Rate))
	queues := make([]chan task, len(connections))
	var workers sync.WaitGroup
	for worker, connection := range connections {
		queues[worker] = make(chan task, total)
		workers.Go(func() {
			for due := range queues[worker] {
				r.send(connection, due)
			}
		})
	}
	for number := range total {
		due := started.Add(time.Duration(float64(number) / order.Rate * float64(time.Second)))
		time.Sleep(time.Until(due))
		r.result.Late = append(r.result.Late, time.Since(due).Seconds())
		queues[number%len(queues)] <- task{number, due}
	}
	for _, queue := range queues {
		close(queue)
	}
	workers.Wait()
}

// send has one request signed, and notes what came back.
func (r *running) send(connection *grpc.ClientConn, due task) {
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	answer, err := r.messages.sign(ctx, connection, due.number)
	latency := time.Since(due.due).Seconds()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.result.Sent++
	if err != nil {
		r.result.Errors++
		if r.result.Problem == "" {
			r.result.Problem = err.Error()
		}
		return
	}
	r.result.Latencies = append(r.result.Latencies, latency)
	r.result.Answers[due.number] = answer
}

// signed is a result of a batch, as the HTTP API has it.
type signed struct {
	Identifier string `json:"identifier"`
	Signature  string `json:"signature"`
}

func batchAnswer(results []signed) (string, error) {
	text, err := json.Marshal(results)
	return string(text), err
}

func hexOf(content []byte) string {
	return "0x" + hex.EncodeToString(content)
}
