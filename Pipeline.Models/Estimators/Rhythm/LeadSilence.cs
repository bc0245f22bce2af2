using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Rhythm;

/// <summary>
/// Whether the leads of an ECG are silent: connected, and without anything as large as a third of the usual QRS complex. A lead that stands still, or of which samples are missing, says
/// nothing.
/// </summary>
internal sealed class LeadSilence
{
    private const double AboutSeconds = 0.08;   // of a QRS complex, on both sides
    private const double AfterSeconds = 0.6;    // a T wave ends before
    private const double PartSeconds = 0.4;     // a baseline does not wander far within it
    private const float LargestPart = 0.33f, LearnRate = 1 / 8f, LeastPresent = 0.9f;
    private const int LeastTurnsASecond = 4;    // the noise of an amplifier turns more often

    [ThreadStatic]
    private static float[]? _scratch;

    private readonly int[] _channels;
    private readonly float[] _sizes;            // of the usual QRS complex, from lowest to highest; 0 before the first

    /// <summary>Of these channels.</summary>
    public LeadSilence(int[] channels) => (_channels, _sizes) = (channels, new float[channels.Length]);

    /// <summary>Learns the size of the beat at <paramref name="index"/>.</summary>
    public void Learn(in Window window, double index)
    {
        var about = AboutSeconds * window.RateHz;
        for (var l = 0; l < _channels.Length; l++)
            if (TryCopy(window, l, index - about, index + about, out var samples))
            {
                var size = Range(samples);
                _sizes[l] = _sizes[l] <= 0 ? size : _sizes[l] + LearnRate * (Math.Min(size, 2 * _sizes[l]) - _sizes[l]);
            }
    }

    /// <summary>Whether the leads are silent since the beat at <paramref name="index"/>, to the end of the window.</summary>
    public bool Since(in Window window, double index)
    {
        var silent = 0;
        for (var l = 0; l < _channels.Length; l++)
        {
            if (_sizes[l] <= 0 || !TryCopy(window, l, index + AfterSeconds * window.RateHz, window.EndIndex, out var samples) || !IsLive(samples, window.RateHz))
                continue;
            var part = Math.Max(2, (int)(PartSeconds * window.RateHz));
            for (var from = 0; from + part <= samples.Length; from += part / 2)
                if (Range(samples.Slice(from, part)) > LargestPart * _sizes[l])
                    return false;
            silent++;
        }
        return silent > 0;
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state) => state.Values<float>(_sizes);

    /// <summary>The lead's samples that are there in [<paramref name="from"/>, <paramref name="to"/>), a missing one as the one before; false when too many are missing.</summary>
    private bool TryCopy(in Window window, int lead, double from, double to, out Span<float> samples)
    {
        var first = Math.Max((long)Math.Ceiling(from), window.StartIndex);
        var count = (int)Math.Max(0, Math.Min((long)to, window.EndIndex) - first);
        if (_scratch is null || _scratch.Length < window.Length)
            _scratch = new float[window.Length];
        samples = _scratch.AsSpan(0, count);
        if (count < 2 || (window.LeadOff >> _channels[lead] & 1) != 0)
            return false;
        window.CopyPhysical(_channels[lead], (int)(first - window.StartIndex), samples);
        var (present, last) = (0, float.NaN);
        foreach (ref var sample in samples)
            if (float.IsFinite(sample))
            {
                present++;
                last = sample;
            }
            else
                sample = last;
        return present >= LeastPresent * count && float.IsFinite(samples[0]);
    }

    private static bool IsLive(ReadOnlySpan<float> samples, double rateHz)
    {
        var (turns, last) = (0, 0f);
        for (var i = 1; i < samples.Length; i++)
        {
            var change = samples[i] - samples[i - 1];
            if (change == 0)
                continue;
            turns += change * last < 0 ? 1 : 0;
            last = change;
        }
        return turns >= LeastTurnsASecond * samples.Length / rateHz;
    }

    private static float Range(ReadOnlySpan<float> samples)
    {
        var (low, high) = (float.PositiveInfinity, float.NegativeInfinity);
        foreach (var sample in samples)
            (low, high) = (Math.Min(low, sample), Math.Max(high, sample));
        return high - low;
    }
}
