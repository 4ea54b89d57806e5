//go:build !unix

package main

import "errors"

// freeBytes is known on Unix alone.
func freeBytes(string) (int64, error) { return 0, errors.ErrUnsupported }
