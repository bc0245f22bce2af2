namespace Pipeline.Models.Packages;

/// <summary>
/// Runs one network over a batch of rows that know nothing of each other. Rows are written into <see cref="Input"/> and
/// <see cref="State"/>, <see cref="Run"/> computes them, and <see cref="Output"/> and <see cref="NextState"/> hold the answers until the
/// next run: the copies into and out of these are the only ones. The state of a recurrent network travels with its row and is kept by
/// whoever owns the patient. One thread at a time; allocates nothing in steady state.
/// </summary>
public interface IModelSession : IDisposable
{
    /// <summary>Floats of one row of input, row-major over the network's own shape.</summary>
    int InputLength { get; }

    /// <summary>Floats of one row of state; 0 for a network without memory.</summary>
    int StateLength { get; }

    /// <summary>Floats of one row of output.</summary>
    int OutputLength { get; }

    /// <summary>Batch sizes that it was warmed up for, ascending; a batch is run at the smallest that holds its rows, the rest being
    /// zeros.</summary>
    IReadOnlyList<int> BatchSizes { get; }

    /// <summary>[largest batch size x <see cref="InputLength"/>]: the first rows of it are what <see cref="Run"/> computes. May change in a
    /// run.</summary>
    Span<float> Input { get; }

    /// <summary>[largest batch size x <see cref="StateLength"/>]: the rows' states before the run. May change in a run.</summary>
    Span<float> State { get; }

    /// <summary>[largest batch size x <see cref="OutputLength"/>]: valid for the rows of the last run. A row that holds NaN gives NaN in
    /// that row only.</summary>
    ReadOnlySpan<float> Output { get; }

    /// <summary>[largest batch size x <see cref="StateLength"/>]: the rows' states after the last run.</summary>
    ReadOnlySpan<float> NextState { get; }

    /// <summary>One forward pass over the first <paramref name="rows"/> rows. What it throws of its own accord is the network's
    /// failure.</summary>
    /// <exception cref="ArgumentException">No rows, or more than the largest batch size.</exception>
    void Run(int rows);
}
