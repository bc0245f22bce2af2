using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Rhythm;

/// <summary>
/// Whether the intervals between beats are as irregular as those of atrial fibrillation: the coefficient of sample entropy (Lake and Moorman 2011,
/// doi:10.1152/ajpheart.00561.2010) of the last <see cref="Kept"/> intervals, templates of one interval, tolerance 30 ms. Ectopic beats, breathing and alternation of two
/// intervals come back to the same pairs; fibrillation does not.
/// </summary>
internal sealed class IrregularIntervals
{
    /// <summary>Intervals that are looked at.</summary>
    public const int Kept = 64;

    private const int Tolerance = 240;                  // 30 ms
    private const double UnitsPerSecond = 8000, MostSeconds = 4;
    private const double Middle = -1.1, Width = 0.13;  // of the entropy, where the probability is a half, and its logistic scale

    private readonly ushort[] _intervals = new ushort[Kept];
    private int _count, _next;

    /// <summary>Whether there are enough intervals to tell.</summary>
    public bool IsFull => _count == Kept;

    /// <summary>Takes an interval in seconds; one that is too long is none.</summary>
    public void Take(double seconds)
    {
        if (!(seconds is > 0 and < MostSeconds))
            return;
        _intervals[_next] = (ushort)Math.Round(seconds * UnitsPerSecond);
        _next = (_next + 1) % Kept;
        _count = Math.Min(_count + 1, Kept);
    }

    /// <summary>Probability, 0 to 1, that the rhythm is atrial fibrillation; 0 with fewer than <see cref="Kept"/> intervals.</summary>
    public double Probability() => IsFull ? ProbabilityOf(Entropy()) : 0;

    /// <summary>The same of an <paramref name="entropy"/>.</summary>
    public static double ProbabilityOf(double entropy) => 1 / (1 + Math.Exp((Middle - entropy) / Width));

    /// <summary>The coefficient of sample entropy; of all <see cref="Kept"/> intervals.</summary>
    public double Entropy()
    {
        Span<int> ordered = stackalloc int[Kept];
        for (var i = 0; i < Kept; i++)
            ordered[i] = _intervals[(_next + i) % Kept];
        return EntropyOf(ordered);
    }

    /// <summary>The same of the intervals <paramref name="ordered"/>, the oldest first, in 1/8 ms.</summary>
    public static double EntropyOf(ReadOnlySpan<int> ordered)
    {
        var (alike, alsoNext, sum) = (0, 0, ordered[^1]);
        for (var i = 0; i < ordered.Length - 1; i++)
        {
            sum += ordered[i];
            for (var j = i + 1; j < ordered.Length - 1; j++)
            {
                if (Math.Abs(ordered[i] - ordered[j]) > Tolerance)
                    continue;
                alike++;
                alsoNext += Math.Abs(ordered[i + 1] - ordered[j + 1]) <= Tolerance ? 1 : 0;
            }
        }
        return -Math.Log((alsoNext + 1.0) / (alike + 1)) + Math.Log(2 * Tolerance / UnitsPerSecond) - Math.Log(sum / UnitsPerSecond / ordered.Length);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_intervals);
        _count = _next = 0;
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Values<ushort>(_intervals);
        state.Within(ref _count, 0, Kept);
        state.Within(ref _next, 0, Kept - 1);
    }
}
