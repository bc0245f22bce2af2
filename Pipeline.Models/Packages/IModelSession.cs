namespace Pipeline.Models.Packages;

/// <summary>
/// Runs one network over a batch of rows that know nothing of each other. The state of a recurrent network travels with its row: given in,
/// given back, kept by whoever owns the patient. One thread at a time; allocates nothing in steady state.
/// </summary>
public interface IModelSession : IDisposable
{
    /// <summary>Floats of one row of input, row-major over the network's own shape.</summary>
    int InputLength { get; }

    /// <summary>Floats of one row of state; 0 for a network without memory.</summary>
    int StateLength { get; }

    /// <summary>Floats of one row of output.</summary>
    int OutputLength { get; }

    /// <summary>Batch sizes that it was warmed up for, ascending; a batch is run at the smallest that holds its rows.</summary>
    IReadOnlyList<int> BatchSizes { get; }

    /// <summary>
    /// One forward pass. input [rows x InputLength], state [rows x StateLength], output [rows x OutputLength], nextState [rows x StateLength].
    /// <paramref name="nextState"/> may be <paramref name="state"/> itself. A row that holds NaN gives NaN in that row and leaves the others as they are.
    /// </summary>
    /// <exception cref="ArgumentException">A span has another length, or there are more rows than the largest batch size.</exception>
    void Forward(int rows, ReadOnlySpan<float> input, ReadOnlySpan<float> state, Span<float> output, Span<float> nextState);
}
