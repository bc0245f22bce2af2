using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Signals;

namespace Pipeline.Models.Estimators.Beats;

/// <summary>
/// One beat cut out of a window: each lead from 0.3 s before its R peak to 0.5 s after it, at <see cref="RateHz"/>, each point the mean of what lies
/// within half a point of it, so that no sampling rate and no place between two samples matters. One a thread.
/// </summary>
internal sealed class BeatCut
{
    /// <summary>Points a second.</summary>
    public const int RateHz = 120;

    /// <summary>Points before that of the R peak, and points in all.</summary>
    public const int Before = 36, Points = 97;

    /// <summary>Seconds of a beat before and after its R peak.</summary>
    public const double SecondsBefore = (double)Before / RateHz, SecondsAfter = (double)(Points - 1 - Before) / RateHz;

    private const double MostMissing = 0.1, LeastInside = 0.4;     // of what the window has of the beat, and of the beat

    [ThreadStatic]
    private static BeatCut? _ofThread;

    private readonly float[] _points = new float[EcgStage.MaxLeads * Points];
    private readonly float[] _means = new float[EcgStage.MaxLeads];
    private float[] _samples = [];
    private double[] _integral = [];

    /// <summary>The thread's own.</summary>
    public static BeatCut OfThread => _ofThread ??= new BeatCut();

    /// <summary>Which leads are there, as bits.</summary>
    public int Leads { get; private set; }

    /// <summary>A lead's points, their mean taken away; <see cref="Points"/>.</summary>
    public ReadOnlySpan<float> this[int lead] => _points.AsSpan(lead * Points, Points);

    /// <summary>The mean that was taken away from a lead's points.</summary>
    public float MeanOf(int lead) => _means[lead];

    /// <summary>Cuts the beat at <paramref name="index"/> (samples of the epoch) out of the <paramref name="channels"/>, at most four.</summary>
    public void Take(in Window window, ReadOnlySpan<int> channels, double index)
    {
        Leads = 0;
        var half = Math.Max(0.5, window.RateHz / RateHz / 2);
        var first = (long)Math.Floor(index - Before * window.RateHz / RateHz - half) - 1;
        var count = (int)Math.Ceiling((Points - 1) * window.RateHz / RateHz + 2 * half) + 4;
        if (_samples.Length < count)
            (_samples, _integral) = (new float[count], new double[count + 1]);
        for (var l = 0; l < channels.Length; l++)
        {
            if ((window.LeadOff >> channels[l] & 1) != 0 || !TryRead(window, channels[l], first, _samples.AsSpan(0, count)))
                continue;
            Leads |= 1 << l;
            _means[l] = Resample(_samples.AsSpan(0, count), index - first, window.RateHz / RateHz, half, _points.AsSpan(l * Points, Points));
        }
    }

    /// <summary>
    /// A missing sample is as the one before, the first ones as the first that is there, and so are those beyond the window, before the stream's begin or after its end; false when too
    /// many are missing.
    /// </summary>
    private static bool TryRead(in Window window, int channel, long first, Span<float> samples)
    {
        samples.Fill(float.NaN);
        var (from, to) = (Math.Max(first, window.StartIndex), Math.Min(first + samples.Length, window.EndIndex));
        if (to - from < LeastInside * samples.Length)
            return false;
        window.CopyPhysical(channel, (int)(from - window.StartIndex), samples.Slice((int)(from - first), (int)(to - from)));
        var (missing, last) = (0, float.NaN);
        foreach (ref var sample in samples)
            if (float.IsFinite(sample))
                last = sample;
            else
            {
                missing++;
                sample = last;
            }
        var inside = (int)(to - from);
        if (missing - (samples.Length - inside) > MostMissing * inside)
            return false;
        var begin = 0;
        while (float.IsNaN(samples[begin]))
            begin++;
        samples[..begin].Fill(samples[begin]);
        return true;
    }

    private float Resample(ReadOnlySpan<float> samples, double peak, double ratio, double half, Span<float> points)
    {
        _integral[0] = 0;
        for (var i = 0; i < samples.Length; i++)
            _integral[i + 1] = _integral[i] + samples[i] - samples[0];
        var mean = 0.0;
        for (var p = 0; p < points.Length; p++)
        {
            var at = peak + (p - Before) * ratio + 0.5;     // a sample covers half of one on both sides of its place
            points[p] = (float)((At(at + half) - At(at - half)) / (2 * half));
            mean += points[p];
        }
        foreach (ref var point in points)
            point -= (float)(mean / points.Length);
        return (float)(mean / points.Length) + samples[0];
    }

    private double At(double position)
    {
        var i = (int)position;
        return _integral[i] + (position - i) * (_integral[i + 1] - _integral[i]);
    }
}
