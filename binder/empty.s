// A package with an assembly file may declare functions without a body: see clone_runtime.go.
