using Pipeline.Models.State;

namespace Pipeline.Models.Estimators;

/// <summary>
/// Whether the pulse of one channel, a PPG or an arterial pressure, stands still while its sensor is on: for <see cref="Seconds"/>
/// nothing moves as a pulse did before. A signal that is
/// constant is a sensor that is off, and so is one that jumped before it came to rest. Pure: a function of the windows since
/// <see cref="Clear"/>.
/// </summary>
internal sealed class PulseStandstill
{
    /// <summary>How long nothing moves.</summary>
    public const double Seconds = 4;

    private const double PartSeconds = 0.4;     // a pressure that falls without a heart beat does not fall far within it
    private const double SwingSeconds = 1;      // about one beat
    private const float LargestPart = 0.25f, LargestJump = 2;       // of the usual swing
    private const int PartsBefore = 5;          // that may show a jump: two seconds
    private const int MostSwings = 16;
    private const float FallRate = 1 / 2f, RiseRate = 1 / 8f;       // movement makes a swing larger, never smaller

    private float _usual;       // swing of the pulse; 0 before one is known
    private bool _stands;

    /// <summary>Whether it stood still at the end of the last window.</summary>
    public bool Stands => _stands;

    /// <summary>
    /// Takes a window's <paramref name="samples"/>, those of the window before among them, of which none is missing;
    /// <paramref name="hasPulse"/>: whether a pulse is known to be in them.
    /// </summary>
    public void Take(ReadOnlySpan<float> samples, double rateHz, bool hasPulse)
    {
        var part = Math.Max(2, (int)(PartSeconds * rateHz));
        var (quiet, moving) = (0, 0);           // parts at the end, and of those how many are not constant
        var end = samples.Length;               // parts share a sample: a jump lies in one of them
        for (; _usual > 0 && end >= part && RangeOf(samples[(end - part)..Math.Min(end + 1, samples.Length)]) is var range && range <= LargestPart * _usual; end -= part)
        {
            quiet++;
            moving += range > 0 ? 1 : 0;
        }
        if (quiet * part < Seconds * rateHz || 2 * moving < quiet)
            _stands = false;
        else if (end >= part)                   // where it came to rest can be seen
            _stands = RangeOf(samples[Math.Max(0, end - PartsBefore * part)..Math.Min(end + 1, samples.Length)]) <= LargestJump * _usual;
        if (hasPulse && (quiet * part < rateHz || end < part))      // a pulse that is lower by far than what moved before, such as movement, is the usual one now
            Learn(samples, (int)(SwingSeconds * rateHz));
    }

    /// <summary>The sensor is off, or samples are missing: it does not stand still.</summary>
    public void Miss() => _stands = false;

    /// <summary>Forgets everything.</summary>
    public void Clear() => (_usual, _stands) = (0, false);

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Value(ref _usual);
        state.Value(ref _stands);
    }

    private void Learn(ReadOnlySpan<float> samples, int length)
    {
        Span<float> swings = stackalloc float[MostSwings];
        var count = 0;
        for (; count < MostSwings && (count + 1) * length <= samples.Length; count++)
            swings[count] = RangeOf(samples.Slice(count * length, length));
        if (count == 0)
            return;
        var swing = OrderStatistic.Of(swings[..count], count / 4);
        _usual = _usual <= 0 ? swing : _usual + (swing < _usual ? FallRate : RiseRate) * (swing - _usual);
    }

    private static float RangeOf(ReadOnlySpan<float> samples)
    {
        var (low, high) = (float.PositiveInfinity, float.NegativeInfinity);
        foreach (var sample in samples)
            (low, high) = (Math.Min(low, sample), Math.Max(high, sample));
        return high - low;
    }
}
