using Pipeline.Models.Signals;

namespace Pipeline.Models.Estimators;

/// <summary>
/// The holes of a window: runs in which every given channel is missing (NaN), or stands at one value for so long, between samples that
/// do not, that samples must have been replaced (zeros, the last value again). An interval between beats that spans a hole in which a beat
/// can lie is no interval. One instance a thread, nothing of it is a stream's state.
/// </summary>
internal sealed class SampleHoles
{
    private const double LeastMissingSeconds = 0.04;
    private const double LeastStillSeconds = 0.06;
    private const double RefractorySeconds = 0.2;   // no beat follows another within it
    private const double EdgeSeconds = 0.06;        // a step at the end of a replaced run looks like a beat
    private const double BeforeSeconds = 0.25;      // what lies before a hole may be the P wave of the beat that it hides,
    private const double AfterSeconds = 0.35;       // what lies after it the T or dicrotic wave
    private const double MostChance = 1e-5;         // of a run as long in samples that are equal as often as the window's
    private const double NeighbourSeconds = 0.08;
    private const int LeastTurns = 3;               // of the samples beside it, up to down or back, and this part of them, are noise
    private const double LeastTurnPart = 0.15;
    private const double CoarsePart = 0.35;         // neighbours that are equal as often: the noise is smaller than a step of the converter
    private const float LeastSteps = 3;             // of it, at the end of a run in such a signal

    [ThreadStatic]
    private static SampleHoles? _ofThread;

    private readonly List<Hole> _holes = new(16);
    private readonly List<Hole> _ofChannel = new(16);
    private readonly List<Hole> _common = new(16);
    private float[] _samples = [];
    private double _refractory, _edge, _before, _after;

    private SampleHoles()
    {
    }

    /// <summary>Part of the window's samples, 0 to 1, that were replaced; those that are NaN do not count.</summary>
    public double Replaced { get; private set; }

    /// <summary>
    /// Those of <paramref name="window"/> that are in all of <paramref name="channels"/>; valid until the thread's next call.
    /// </summary>
    public static SampleHoles Of(in Window window, ReadOnlySpan<int> channels)
    {
        var found = _ofThread ??= new SampleHoles();
        found.Find(window, channels);
        return found;
    }

    /// <summary>
    /// Whether a beat between the beats at <paramref name="from"/> and <paramref name="to"/> (samples of the epoch) can lie in a hole, or
    /// one of the two can be the edge of one, or a wave of a beat that lies in it.
    /// </summary>
    public bool Hide(double from, double to)
    {
        foreach (var (start, end, still) in _holes)
        {
            if (Math.Min(end, to - _refractory) > Math.Max(start, from + _refractory))
                return true;
            if (still && (IsAtEdge(from, start, end) || IsAtEdge(to, start, end)))
                return true;
            if ((from >= start && from < end + _after) || (to > start - _before && to <= end))
                return true;
        }
        return false;
    }

    private bool IsAtEdge(double beat, long start, long end) => beat >= start - _edge && beat <= end + _edge;

    private void Find(in Window window, ReadOnlySpan<int> channels)
    {
        _refractory = RefractorySeconds * window.RateHz;
        _edge = EdgeSeconds * window.RateHz;
        (_before, _after) = (BeforeSeconds * window.RateHz, AfterSeconds * window.RateHz);
        _holes.Clear();
        Replaced = 0;
        if (_samples.Length < window.Length)
            _samples = new float[window.Length];
        var samples = _samples.AsSpan(0, window.Length);
        for (var c = 0; c < channels.Length; c++)
        {
            window.CopyPhysical(channels[c], 0, samples);
            _ofChannel.Clear();
            FindRuns(samples, window.RateHz, window.StartIndex);
            Join(isFirst: c == 0);
            if (_holes.Count == 0)
                return;
        }
        foreach (var hole in _holes)
            if (hole.IsStill)
                Replaced += (hole.End - hole.Start) / (double)window.Length;
    }

    /// <summary>What is a hole in the channels so far stays one where it is one in the next, too.</summary>
    private void Join(bool isFirst)
    {
        if (isFirst)
        {
            _holes.AddRange(_ofChannel);
            return;
        }
        _common.Clear();
        foreach (var one in _holes)
            foreach (var other in _ofChannel)
                if (Math.Min(one.End, other.End) > Math.Max(one.Start, other.Start))
                    _common.Add(new Hole(Math.Max(one.Start, other.Start), Math.Min(one.End, other.End), one.IsStill || other.IsStill));
        _holes.Clear();
        _holes.AddRange(_common);
    }

    /// <summary>Looks at few samples: no run that is long enough lies between two of them.</summary>
    private void FindRuns(ReadOnlySpan<float> samples, double rateHz, long start)
    {
        var leastMissing = Math.Max(2, (int)(LeastMissingSeconds * rateHz));
        var leastStill = Math.Max(4, (int)(LeastStillSeconds * rateHz));
        var step = Math.Min(leastMissing, leastStill / 2);
        var (still, stillSamples) = (0, 0);
        for (var i = 0; i < samples.Length; i += step)
        {
            var isMissing = !float.IsFinite(samples[i]);
            if (!isMissing && !(i + step < samples.Length && samples[i] == samples[i + step]))
                continue;
            var (from, to) = (i, i + 1);
            while (from > 0 && IsSame(samples[from - 1], samples[i], isMissing))
                from--;
            while (to < samples.Length && IsSame(samples[to], samples[i], isMissing))
                to++;
            if (to - from >= (isMissing ? leastMissing : leastStill))
            {
                _ofChannel.Add(new Hole(start + from, start + to, !isMissing));
                still += isMissing ? 0 : 1;
                stillSamples += isMissing ? 0 : to - from;
                i = Math.Max(i, to - step);
            }
        }
        if (still > 0)
            DropNatural(samples, rateHz, start, stillSamples);
    }

    private static bool IsSame(float one, float other, bool isMissing) => isMissing ? !float.IsFinite(one) : one == other;

    /// <summary>
    /// Still runs of a signal that is rounded coarsely, or has no noise, are its own: such runs are likely by how often neighbours are
    /// equal elsewhere, or go with the samples beside them.
    /// </summary>
    private void DropNatural(ReadOnlySpan<float> samples, double rateHz, long start, int stillSamples)
    {
        var equal = 0;
        var least = float.PositiveInfinity;
        for (var i = 1; i < samples.Length; i++)
            if (samples[i] == samples[i - 1])
                equal++;
            else if (Math.Abs(samples[i] - samples[i - 1]) < least)
                least = Math.Abs(samples[i] - samples[i - 1]);
        var others = Math.Max(1, samples.Length - stillSamples);
        var part = Math.Clamp((equal - stillSamples) / (double)others, 1e-9, 1);
        var longest = Math.Log(MostChance / others) / Math.Log(part);
        var near = (int)(NeighbourSeconds * rateHz) + 2;
        for (var h = _ofChannel.Count - 1; h >= 0; h--)
        {
            var (from, to, still) = ((int)(_ofChannel[h].Start - start), (int)(_ofChannel[h].End - start), _ofChannel[h].IsStill);
            if (!still)
                continue;
            var before = samples[Math.Max(0, from - near)..from];
            var after = samples.Slice(to, Math.Min(near, samples.Length - to));
            var isNoisy = part < CoarsePart && Turns(before) + Turns(after) >= Math.Max(LeastTurns, LeastTurnPart * (before.Length + after.Length));
            var step = part < CoarsePart ? 0 : LeastSteps * least;
            if (to - from < longest || !(isNoisy || HasStep(before, after, samples[from], step, to - from >= 2 * longest)))
                _ofChannel.RemoveAt(h);
        }
    }

    /// <summary>
    /// Whether one end of a still run of <paramref name="value"/> is a step, of <paramref name="least"/> or more, that does not go with the
    /// samples beside it.
    /// </summary>
    private static bool HasStep(ReadOnlySpan<float> before, ReadOnlySpan<float> after, float value, float least, bool isLong)
    {
        var step = Math.Max(before.Length > 0 ? Math.Abs(before[^1] - value) : 0, after.Length > 0 ? Math.Abs(after[0] - value) : 0);
        var usual = (Travel(before) + Travel(after)) / Math.Max(1, before.Length + after.Length - 2);
        return step >= least && step > (isLong ? 1.5f : 3) * usual;
    }

    private static float Travel(ReadOnlySpan<float> samples)
    {
        var travel = 0f;
        for (var i = 1; i < samples.Length; i++)
            travel += float.IsFinite(samples[i]) && float.IsFinite(samples[i - 1]) ? Math.Abs(samples[i] - samples[i - 1]) : 0;
        return travel;
    }

    /// <summary>How often the samples turn from up to down, or back.</summary>
    private static int Turns(ReadOnlySpan<float> samples)
    {
        var (turns, last) = (0, 0);
        for (var i = 1; i < samples.Length; i++)
        {
            var step = samples[i] > samples[i - 1] ? 1 : samples[i] < samples[i - 1] ? -1 : 0;
            if (step == 0)
                continue;
            turns += last != 0 && step != last ? 1 : 0;
            last = step;
        }
        return turns;
    }

    private readonly record struct Hole(long Start, long End, bool IsStill);
}
