// BLS libraries in Go: answers operations from standard input, as ../sides.py asks for them.
//
// The only argument names the library. A line in and a line out is a JSON object each.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
)

const dst = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"

// Bytes are hexadecimal digits in JSON.
type Bytes []byte

// Request has an operation and its arguments; those that it does not need are empty.
type Request struct {
	Do         string  `json:"do"`
	Repeat     int     `json:"repeat"`
	Secret     Bytes   `json:"secret"`
	Message    Bytes   `json:"message"`
	Pubkey     Bytes   `json:"pubkey"`
	Signature  Bytes   `json:"signature"`
	Pubkeys    []Bytes `json:"pubkeys"`
	Signatures []Bytes `json:"signatures"`
}

// Operation is what is repeated: all that comes after the secret key was read.
type Operation func() (any, error)

// Prepare returns no operation for one that the library does not have.
type Prepare func(request *Request) (Operation, error)

// UnmarshalJSON reads hexadecimal digits.
func (bytes *Bytes) UnmarshalJSON(text []byte) error {
	var digits string
	if err := json.Unmarshal(text, &digits); err != nil {
		return err
	}
	decoded, err := hex.DecodeString(digits)
	*bytes = decoded
	return err
}

func answer(prepare Prepare, request *Request) (response map[string]any) {
	defer func() {
		if panicked := recover(); panicked != nil {
			response = map[string]any{"error": fmt.Sprint("panic: ", panicked)}
		}
	}()
	operation, err := prepare(request)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	if operation == nil {
		return map[string]any{"absent": true}
	}
	for range request.Repeat - 1 {
		_, _ = operation()
	}
	result, err := operation()
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	if bytes, ok := result.([]byte); ok {
		result = hex.EncodeToString(bytes)
	}
	return map[string]any{"ok": result}
}

func main() {
	libraries := map[string]Prepare{"gnark": prepareGnark, "herumi": prepareHerumi}
	prepare, found := libraries[os.Args[1]]
	if !found {
		panic("expected gnark or herumi, found " + os.Args[1])
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20) // 512 signatures
	encoder := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		request := Request{Repeat: 1}
		if err := json.Unmarshal(lines.Bytes(), &request); err != nil {
			panic(err)
		}
		if err := encoder.Encode(answer(prepare, &request)); err != nil {
			panic(err)
		}
	}
}
