namespace Pipeline.Models.Estimators.Fetal;

/// <summary>Signals of one length, [rows x samples], in an array whose rows are <see cref="Stride"/> numbers apart.</summary>
/// <param name="values">Holds the rows; at least rows x <see cref="Stride"/> numbers.</param>
/// <param name="count">How many rows there are.</param>
/// <param name="length">Samples of each, at most <see cref="Stride"/>.</param>
internal readonly struct SignalRows(float[] values, int count, int length)
{
    /// <summary>Numbers from one row to the next: the samples of the longest window.</summary>
    public const int Stride = FetalTiming.WindowSamples;

    /// <summary>How many rows there are.</summary>
    public int Count => count;

    /// <summary>Samples of each row.</summary>
    public int Length => length;

    /// <summary>Row <paramref name="row"/>.</summary>
    public Span<float> this[int row] => values.AsSpan(row * Stride, length);

    /// <summary>An array for <paramref name="rows"/> rows.</summary>
    public static float[] Array(int rows) => new float[rows * Stride];
}
