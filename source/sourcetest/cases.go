package sourcetest

// cases quote the rule of the contract that each one checks.
var cases = []struct {
	rule  string
	needs []string // functions of the Store
	run   func(*trial)
}{
	{"1: Watch blocks until ctx ends, and returns ctx's error", nil, blocksUntilCtxEnds},
	{"1: Watch blocks until the stream breaks, and returns why", []string{"Break"}, returnsWhy},
	{"1: It starts no goroutine that outlives it", nil, leavesNoGoroutine},
	{"1: It never calls emit after it has returned", []string{"Set"}, endsInTheMidst},
	{"2: The first emit is the whole present state", nil, emitsTheWholeFirst},
	{"2: It is read at or after the point from which changes are watched", []string{"Set"}, leavesNoGap},
	{"3: Every emit is a whole tree", []string{"Set"}, emitsWholeTrees},
	{"3: Every emit is at one revision of the store", []string{"Commit"}, emitsWholeCommits},
	{"3: Every emit is as new as the one before", []string{"Set"}, neverGoesBack},
	{"3: A key that is absent is deleted", []string{"Set", "Delete"}, showsDeletes},
	{"4: An error is returned, never emitted as an empty tree", []string{"Break"}, keepsErrorsApart},
	{"4: Content that can't be used is emitted as Err, and the watch goes on", []string{"Set", "Spoil"}, reportsContent},
	{"4: An error does not name its source", []string{"Break"}, leavesOutItsName},
	{"5: A source may call emit as fast as it likes, and the newest state arrives", []string{"Set"}, arrivesAfterABurst},
	{"5: An emit of an unchanged tree costs nothing downstream", []string{"Set"}, ignoresTheSameValue},
	{"6: Watch may be called again after it has returned", []string{"Set"}, watchesAgain},
	{"6: Watch may be called again after the stream has broken", []string{"Set", "Break"}, watchesAfterAFault},
	{"6: A second Watch at the same time is an error that says so", nil, refusesASecondWatch},
	{"7: Memory stays within twice the source's bound on bytes", []string{"Flood"}, staysWithinBounds},
	{"7: A timeout measures silence", []string{"Slow"}, bearsASlowWay},
	{"all: whatever happens, each state is one that was committed, and the last arrives", []string{"Set", "Delete"}, survivesFaults},
}
