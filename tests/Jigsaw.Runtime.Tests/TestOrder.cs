// One test at a time. TorchSharp makes a Scalar of each number that a native call takes, and does not hold it during the call: if another thread's allocations start a
// collection just then, the scalar may be finalized while it is read, and the call fails with "Unknown scalar type", "toFloat" or an internal assertion.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
