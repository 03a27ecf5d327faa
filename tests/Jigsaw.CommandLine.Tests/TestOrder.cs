// The console, which the tests read, is the process's.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
