// Command testsum reads what `go test -json` prints and writes what a person
// wants to see of it: the line of each package, all that a failed test said,
// and last of all `N passed, N failed, N skipped`.
package main

import (
	"fmt"
	"os"
)

func main() {
	sum, err := summarize(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(2)
	}
	fmt.Println(sum)
	if sum.failed > 0 || sum.passed == 0 {
		os.Exit(1)
	}
}
