// Package memfd owns files that have no name and that the launcher's children
// read: memfd_create(2) on Linux, and elsewhere a file that was deleted.
//
// On Linux it refuses to return one that could still be written. Data flows text
// -> descriptor.
package memfd
