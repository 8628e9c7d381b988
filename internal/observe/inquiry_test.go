package observe

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// asker asks one pod that says what it is told to, or nothing until its time is up.
type asker struct {
	reader  Reader
	asked   atomic.Int32
	woken   atomic.Int32
	inquiry inquiry[string]
	says    func(context.Context) (string, error)
}

func newAsker(says func(context.Context) (string, error)) *asker {
	a := &asker{says: says}
	a.reader = Reader{Now: time.Now, Wake: func(types.NamespacedName) { a.woken.Add(1) }}
	return a
}

func (a *asker) want(t *testing.T, key string, fresh time.Duration) (string, bool, error) {
	t.Helper()
	began := time.Now()
	text, known, err := a.inquiry.answer(t.Context(), &a.reader, question[string]{
		key: key, fresh: fresh, timeout: 2 * time.Second,
		ask: func(ctx context.Context) (string, error) {
			a.asked.Add(1)
			return a.says(ctx)
		},
	})
	if waited := time.Since(began); waited != 0 {
		t.Errorf("a pass waited %v", waited)
	}
	return text, known, err
}

func silent(ctx context.Context) (string, error) {
	<-ctx.Done()
	return "", ctx.Err()
}

// A13: nobody waits for a pod that is slow; the answer wakes the platform.
func TestAnAnswerComesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsker(func(context.Context) (string, error) {
			<-time.After(time.Second)
			return "hello", nil
		})
		for range 5 {
			if _, known, _ := a.want(t, "pod", 0); known {
				t.Error("known before the answer")
			}
		}
		<-time.After(1500 * time.Millisecond)
		if text, known, err := a.want(t, "pod", 0); text != "hello" || !known || err != nil {
			t.Errorf("got %q, %t, %v", text, known, err)
		}
		<-time.After(time.Hour)
		_, _, _ = a.want(t, "pod", 0)
		synctest.Wait()
		if a.asked.Load() != 1 || a.woken.Load() != 1 {
			t.Errorf("asked %d times, woken %d times; want once", a.asked.Load(), a.woken.Load())
		}
	})
}

// A13: what gets old is asked again, and wakes the platform only when it differs.
func TestAnOldAnswerIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said atomic.Value
		said.Store("1")
		a := newAsker(func(context.Context) (string, error) { return said.Load().(string), nil })
		for _, step := range []struct {
			says        string
			asked, woke int32
		}{{"1", 1, 1}, {"1", 2, 1}, {"2", 3, 2}, {"2", 4, 2}} {
			said.Store(step.says)
			_, _, _ = a.want(t, "pod", 4*time.Second)
			synctest.Wait()
			if a.asked.Load() != step.asked || a.woken.Load() != step.woke {
				t.Errorf("%+v: asked %d times, woken %d times", step, a.asked.Load(), a.woken.Load())
			}
			<-time.After(5 * time.Second)
		}
	})
}

// A13: a dead pod is asked ever more rarely, and its silence is told once.
func TestADeadPodIsAskedEverMoreRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsker(silent)
		for range 60 * 60 {
			_, _, _ = a.want(t, "pod", 4*time.Second)
			<-time.After(time.Second)
		}
		if _, known, err := a.want(t, "pod", 4*time.Second); !known || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("known %t, %v", known, err)
		}
		if n := a.asked.Load(); n < 50 || n > 70 {
			t.Errorf("asked %d times in an hour of a pass each second, want about once a minute", n)
		}
		if a.woken.Load() != 1 {
			t.Errorf("woken %d times by silence", a.woken.Load())
		}
		<-time.After(10 * time.Second)
	})
}

// A13: however many pods are dead, so many are asked at a time and no more; what nobody wants any more is forgotten.
func TestQuestionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsker(silent)
		for i := range 1000 {
			_, _, _ = a.want(t, fmt.Sprint(i), 0)
		}
		synctest.Wait()
		if n := a.asked.Load(); n != inFlight {
			t.Errorf("%d pods are asked at a time, want %d", n, inFlight)
		}
		<-time.After(time.Hour)
		if n := a.asked.Load(); n != 1000 {
			t.Errorf("%d of 1000 pods were asked", n)
		}
		<-time.After(2 * retention)
		_, _, _ = a.want(t, "another", 0)
		if n := len(a.inquiry.answers); n != 1 {
			t.Errorf("%d answers are kept that nobody wants", n-1)
		}
		<-time.After(time.Hour)
	})
}
