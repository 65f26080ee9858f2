package l2gw

// Lease says that one of several programs has a task for a while. Its epoch
// grows each time that the task gets another holder, so that what a former one
// does late is told apart.
type Lease struct {
	Name   string // of the task
	Holder string // one run of a program; no two have the same
	Epoch  uint64 // 0: none
}

// ErrLeaseLost is the error of who does something under a lease that it does
// not hold any more.
func ErrLeaseLost(l Lease) *Error {
	return Errorf(Stale, "LeaseLost", "The lease %s of %s with epoch %d is not held any more.", l.Name, l.Holder, l.Epoch)
}
