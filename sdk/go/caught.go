package sallyport

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// caught turns a panic into an error with the place in the plugin where it began, and logs its stack as one entry. So a
// panic ends one call, not the instance. Defer it.
func caught(err *error) {
	reason := recover()
	if reason == nil {
		return
	}
	*err = fmt.Errorf("panic: %v%s", reason, panicPlace())
	Errorf("%v\n%s", *err, debug.Stack())
}

// panicPlace returns the innermost line on the stack that is in the plugin's own package main.
func panicPlace() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)])
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "main.") {
			return fmt.Sprintf(" (%s:%d)", frame.File, frame.Line)
		}
		if !more {
			return ""
		}
	}
}
