// Prepares a folder for Dirk, and loads Dirk by gRPC with the messages of `signer bench`.
//
//	dirkload prepare FOLDER PORT < secret-keys    one in hex on each line
//	dirkload load FOLDER PORT < order             JSON; prints a result as JSON
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 4 {
		fail(fmt.Errorf("expected prepare or load, a folder and a port, found %q", os.Args[1:]))
	}
	folder, port := os.Args[2], os.Args[3]
	var err error
	switch os.Args[1] {
	case "prepare":
		err = prepare(folder, port, os.Stdin)
	case "load":
		err = printLoad(folder, port)
	default:
		err = fmt.Errorf("expected prepare or load, found %q", os.Args[1])
	}
	if err != nil {
		fail(err)
	}
}

func printLoad(folder, port string) error {
	var order Order
	if err := json.NewDecoder(os.Stdin).Decode(&order); err != nil {
		return fmt.Errorf("cannot read the order: %w", err)
	}
	result, err := load(folder, port, &order)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
