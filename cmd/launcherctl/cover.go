//go:build launcher_cover

package main

import "github.com/seed45446ece/launcher/internal/cover"

func init() { cover.Hide() }
