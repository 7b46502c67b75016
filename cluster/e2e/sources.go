package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// mountDir is where the pods have mounted Secrets.
const mountDir = "/var/run/e2e"

// origin is one kind of source, with a key that it has.
type origin struct {
	name, key string
	label     string // of the value
	sources   func(*probe) ([]object, error)
	env       func(*probe) []string // of launcherctl
}

// origins lists every kind of source that needs nothing but a cluster.
var origins = []origin{
	{"variable", "VARIABLE", "VARIABLE", fixed(object{"kind": "kubernetes", "source": []string{"VARIABLE"}}), nil},
	{"mount", "MOUNTED", "MOUNTED", fixed(mounted("MOUNTED")), nil},
	{"secret", "FROM_OTHER", "OTHER", fixed(object{"kind": "kubernetes", "source": object{"secret": otherSecret,
		"secrets": []object{{"key": "FROM_OTHER", "name": "password"}}}}), nil},
	{"inline", "INLINE", "INLINE", func(p *probe) ([]object, error) {
		return []object{{"kind": "inline", "source": object{"INLINE": p.canaries.value("INLINE")}}}, nil
	}, nil},
	{"env", "E2E_ENV", "ENV", fixed(object{"kind": "env", "source": "E2E_ENV"}),
		func(p *probe) []string { return []string{"E2E_ENV=" + p.canaries.value("ENV")} }},
	{"file", "IN_FILE", "FILE", func(p *probe) ([]object, error) {
		path, err := p.write("file.txt", "IN_FILE="+p.canaries.value("FILE")+"\n")
		return []object{{"kind": "file", "source": path}}, err
	}, nil},
	{"exec", "FROM_EXEC", "EXEC", fixed(mounted("EXEC"), program("FROM_EXEC", "EXEC")), nil},
}

func fixed(sources ...object) func(*probe) ([]object, error) {
	return func(*probe) ([]object, error) { return sources, nil }
}

// mounted is a key of the project by a mounted Secret.
func mounted(key string) object {
	return object{"kind": "kubernetes", "source": object{"secrets": []string{key}, "mount": mountDir}}
}

// program is an exec source. The image has no program but the launcher, so a second
// launcher prints the value.
func program(key, name string, temporary ...int) object {
	source := object{"secrets": object{key: name}, "command": []string{"/launcher", "run", "--secrets",
		fmt.Sprintf(`kubernetes={"secrets":[%q],"mount":%q}`, name, mountDir), "--", "/launcher", "get-secret"}}
	if len(temporary) > 0 {
		source["temporary"] = temporary
	}
	return object{"kind": "exec", "source": source}
}

var deliveries = []string{"stdin", "fd", "env", "files", "socket"}

// sourcesArea has a run for every source, delivery, and with and without --mask.
func (s *suite) sourcesArea() *area {
	a := &area{name: "sources and deliveries"}
	for _, o := range origins {
		for _, d := range deliveries {
			a.checks = append(a.checks,
				check{"plain-" + o.name + "-" + d, o.name + " by " + d, func(ctx context.Context, p *probe) error { return deliver(ctx, p, o, d, false) }},
				check{"mask-" + o.name + "-" + d, o.name + " by " + d + " --mask", func(ctx context.Context, p *probe) error { return deliver(ctx, p, o, d, true) }})
		}
	}
	return a
}

// deliver has the handler print the value. With --mask the log must not have it.
func deliver(ctx context.Context, p *probe, o origin, delivery string, mask bool) error {
	sources, err := o.sources(p)
	if err != nil {
		return err
	}
	r := run{sources: sources, flags: []string{"--deliver", delivery}, handler: getSecret(o.key)}
	if o.env != nil {
		r.env = o.env(p)
	}
	if mask {
		r.flags = append(r.flags, "--launcher-flag=--mask")
	}
	got, err := p.run(ctx, r)
	if err == nil {
		err = got.expect(0)
	}
	if err != nil {
		return err
	}
	if !mask {
		return p.printed(got, o.label)
	}
	if len(p.canaries.found(got.stdout)) > 0 || !strings.Contains(got.stdout, "***") {
		return fmt.Errorf("the log is not redacted: %s", got.shown())
	}
	return nil
}

// printed returns an error unless a line of the log is the value. The log also has what
// the launcher says on standard error.
func (p *probe) printed(got result, label string) error {
	if !hasLine(got.stdout, p.canaries.value(label)) {
		return fmt.Errorf("the log has no line that is the value of %s\n%s", label, got.shown())
	}
	return nil
}

func hasLine(text, line string) bool { return slices.Contains(strings.Split(text, "\n"), line) }
