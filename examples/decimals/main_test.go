package main

import (
	"context"
	"fmt"
)

func Example() {
	if err := run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: total N 1234567890.0123456789, tax N 0.19, discount NULL
}
