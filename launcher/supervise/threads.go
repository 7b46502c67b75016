//go:build linux && (amd64 || arm64) && !portable

package supervise

import (
	"runtime"
	"sync"
)

// ReserveThreads starts n threads, which this process may need later, when a
// limit of processes may refuse them. The Go runtime keeps idle threads, and
// crashes if it cannot start one.
func ReserveThreads(n int) {
	runtime.GOMAXPROCS(1)
	var started sync.WaitGroup
	release := make(chan struct{})
	started.Add(n)
	for range n {
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			started.Done()
			<-release
		}()
	}
	started.Wait()
	close(release)
}
