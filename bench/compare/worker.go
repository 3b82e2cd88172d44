package compare

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/confsync/confsync/bench/child"
)

// request is what a worker is asked, and answer what it says.
type request struct {
	Count bool // allocations, not a sample
}

type answer struct {
	Cannot, Error string
	Figure        float64 // of a sample
	Count, Bytes  float64 // of allocations
}

// Serve is a worker: it makes one task ready and answers requests until there
// are no more.
func Serve(in io.Reader, out io.Writer, key, name string, n int, sample time.Duration) error {
	var greeting answer
	task, times, err := ready(key, name, n, sample)
	if why, cannot := isCannot(err); cannot {
		greeting.Cannot = why
	} else if err != nil {
		greeting.Error = err.Error()
	} else if task.Close != nil {
		defer task.Close()
	}
	return child.Serve(in, out, greeting, func(r request) answer { return serve(task, r, times) })
}

func ready(key, name string, n int, sample time.Duration) (task *Task, times int, err error) {
	w, ok := WorkOf(key)
	if !ok {
		return nil, 0, fmt.Errorf("no work %q", key)
	}
	if task, err = w.Task(name, n); err != nil {
		return nil, 0, err
	}
	times, err = task.Calibrate(sample)
	return task, times, err
}

func serve(task *Task, r request, times int) (a answer) {
	var err error
	if r.Count {
		a.Count, a.Bytes, err = task.Allocations(min(times, 10))
	} else {
		a.Figure, err = task.Sample(times)
	}
	if err != nil {
		a.Error = err.Error()
	}
	return a
}

// WorkerFlag, before the arguments of ServeArgs, makes this program a worker.
const WorkerFlag = "-worker"

// ServeArgs is Serve on the standard streams.
func ServeArgs(args []string) error {
	if len(args) != 4 {
		return errors.New("a worker needs a work, a contender, a size and a duration")
	}
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	sample, err := time.ParseDuration(args[3])
	if err != nil {
		return err
	}
	return Serve(os.Stdin, os.Stdout, args[0], args[1], n, sample)
}

// worker is the process of one task.
type worker struct {
	*child.Child
	name   string
	cannot string
}

func startWorker(key, name string, n int, sample time.Duration) (*worker, error) {
	c, err := child.Start(WorkerFlag, key, name, strconv.Itoa(n), sample.String())
	if err != nil {
		return nil, err
	}
	w := &worker{Child: c, name: name}
	var greeting answer
	if err := w.check(&greeting, c.Answer(&greeting)); err != nil {
		c.Stop()
		return nil, err
	}
	w.cannot = greeting.Cannot
	return w, nil
}

func (w *worker) ask(r request) (a answer, err error) {
	err = w.check(&a, w.Ask(r, &a))
	return a, err
}

// check returns what is wrong with an answer, if anything is.
func (w *worker) check(a *answer, err error) error {
	if err == nil && a.Error != "" {
		err = errors.New(a.Error)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", w.name, err)
	}
	return nil
}
