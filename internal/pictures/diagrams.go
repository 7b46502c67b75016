package main

// flow returns the way of one secret from its store to the program, and who can see its
// value on the way.
func flow() string {
	var p picture
	p.text("head dim", 24, 34, "Where secrets are")
	for i, store := range []string{"Kubernetes Secret", "Azure Key Vault", "any store with a client", "file or variable"} {
		y := 48 + 46*i
		p.box("value", 24, y, 220, 34, store)
		p.arrow([2]int{244, y + 17}, [2]int{288, y + 17})
	}
	p.text("head dim", 292, 34, "launcher")
	p.box("ours", 292, 48, 250, 172, "Starts your program", "1. reads the task: names only", "2. reads the secrets", "3. stops if one is missing",
		"4. passes them on in one context", "5. becomes your program; as PID 1,", "a part of it stays as the init")
	p.arrow([2]int{542, 134}, [2]int{618, 134})
	p.anchored("small dim", "middle", 578, 124, "context")
	p.text("head dim", 622, 34, "Your program, in any language")
	p.box("value", 622, 48, 254, 172, "Asks for a key", "`get_secret(\"DB_PASSWORD\")`", "", "does not know which store", "the secret is from", "", "is the same on a laptop")

	p.text("head", 24, 262, "Who can see the value")
	for i, column := range [][]string{
		{"anyone who can read the store,", "and the pod's variables if the", "cluster passes the value in one"},
		{"only root on the node: no log,", "message or argument has it, and", "the pod's variables are removed"},
		{"the program and root on the node;", "a process of the same user that traces", "it; with --deliver env, its children"},
	} {
		for j, line := range column {
			p.text("small", []int{24, 292, 622}[i], 286+19*j, line)
		}
	}
	return p.end(900, 348, "The way of one secret",
		"The launcher reads secrets from Kubernetes, Azure Key Vault, another store's program, a file or a variable. It passes them to your program in one context. On the way the value is in no log, message, argument or environment.")
}

// pid1 returns the processes of a container in which the launcher is PID 1.
func pid1() string {
	var p picture
	p.add(`<rect class="frame" x="170" y="24" width="706" height="330" rx="8"/>`)
	p.text("head dim", 186, 46, "container")
	p.box("box", 20, 92, 118, 74, "kubelet", "sends TERM", "gets the status")
	p.box("ours", 196, 62, 300, 134, "PID 1: launcher, the supervisor", "holds no secret", "forwards every signal", "reaps orphans, ends what is left",
		"exits with your program's status")
	p.box("value", 576, 62, 280, 134, "your program", "was the launcher until the secrets were", "read; then it replaced itself (exec)", "has the context, and its own", "process group")
	p.arrow([2]int{138, 118}, [2]int{192, 118})
	p.arrow([2]int{196, 150}, [2]int{142, 150})
	p.arrow([2]int{496, 96}, [2]int{572, 96})
	p.anchored("small dim", "middle", 534, 88, "signals")
	p.arrow([2]int{576, 160}, [2]int{500, 160})
	p.anchored("small dim", "middle", 538, 180, "status")

	p.box("value", 576, 256, 280, 76, "companion", "only for socket and --mask: reads the", "secrets, answers, redacts the output")
	p.arrow([2]int{640, 256}, [2]int{640, 200})
	p.text("small dim", 652, 232, "context")
	p.box("box", 196, 256, 300, 76, "orphans, daemons, leftovers", "adopted by PID 1; TERM when your program", "has ended, KILL 10 s later")
	p.arrow([2]int{346, 196}, [2]int{346, 252})
	p.add(`<rect class="value" x="24" y="270" width="14" height="14" rx="3"/>`)
	p.text("small", 46, 282, "holds values")
	p.add(`<rect class="ours" x="24" y="296" width="14" height="14" rx="3"/>`)
	p.text("small", 46, 308, "holds none")
	return p.end(900, 376, "The launcher as PID 1",
		"PID 1 is the launcher's supervisor, which holds no secret. It forwards signals to your program, reaps orphans and exits with the program's status. A companion process exists only for the socket delivery and for --mask.")
}
