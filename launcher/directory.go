package launcher

import (
	"github.com/seed45446ece/launcher/handler"
	"github.com/seed45446ece/launcher/launcher/task"
)

// socketName is the socket's name in the socket delivery's directory.
const socketName = "socket"

// File is a file of the files delivery.
type File struct {
	Name  string
	Value []byte
}

// files returns a file for each secret, and the context that names them.
func (j Job) files() ([]File, []byte, error) {
	names, err := Files.Routes(j.Context.Secrets, j.Options)
	if err != nil {
		return nil, nil, err
	}
	files := make([]File, len(names))
	for i, s := range j.Context.Secrets {
		files[i] = File{s.Key, s.Value.Reveal()}
	}
	context, err := j.Context.JSONWithout(task.MemberSecretsFiles, names)
	return files, context, err
}

// writeFiles writes each file, and the context, with mode 0400. Then it gives the
// directory to the handler's user.
func (e Execution) writeFiles() error {
	directory, err := FindDirectory(e.Directory)
	if err != nil {
		return err
	}
	uid, gid := e.User.owner()
	for _, f := range e.Files {
		if err := directory.WriteFile(f.Name, f.Value, uid, gid); err != nil {
			return &RefusedError{f.Name, "files: " + err.Error(), adviseMemory}
		}
	}
	if err := directory.WriteFile(handler.File, e.Context, uid, gid); err != nil {
		return &RefusedError{"", "files: " + handler.File + ": " + err.Error(), adviseMemory}
	}
	return give(directory, e.User)
}
