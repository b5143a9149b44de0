package sallyport

import (
	"fmt"
	"os"
	"runtime"
)

// Debugf writes a line to the gateway's log, under the plugin's id. The number and length of lines are limited.
func Debugf(format string, args ...any) { logf(LevelDebug, format, args...) }

// Infof writes a line, like [Debugf].
func Infof(format string, args ...any) { logf(LevelInfo, format, args...) }

// Warnf writes a line, like [Debugf].
func Warnf(format string, args ...any) { logf(LevelWarn, format, args...) }

// Errorf writes a line, like [Debugf]. It does not create an error; fmt.Errorf does.
func Errorf(format string, args ...any) { logf(LevelError, format, args...) }

func logf(level Level, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if runtime.GOOS != "wasip1" {
		fmt.Fprintln(os.Stderr, message)
		return
	}
	LogWrite(level, message)
}
