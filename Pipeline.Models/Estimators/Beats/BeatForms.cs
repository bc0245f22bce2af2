using System.Numerics.Tensors;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Beats;

/// <summary>
/// The forms that the beats of a patient have: running means of up to <see cref="Kept"/> kinds of beats that are alike, at 60 points a second, in all leads. The usual beat is
/// the one that comes most often of late, where forms that come early or are wide count less: in bigeminy and in long ventricular runs ectopic beats are the more frequent ones. A beat that is like none
/// takes the place of the rarest.
/// </summary>
internal sealed class BeatForms
{
    /// <summary>Forms that are kept.</summary>
    public const int Kept = 3;

    private const int Step = 2;                     // points of a cut to one of a form
    private const int Points = (BeatCut.Points + Step - 1) / Step;
    private const int MostShift = 2;                // points of a cut, 8 ms each
    private const int Slowest = 16;                 // beats of a running mean
    private const float Memory = 1 / 80f;           // of how often a form comes
    private const float Alike = 0.9f, MostSizes = 0.6f;
    private const float Change = 2;                 // times the standing of the usual form
    private const float EarlyCosts = 6, MostEarly = 0.5f, WidthCosts = 1.5f;
    private const float LeastShare = 0.003f;
    private const float Tiny = 1e-6f;

    private readonly int _leads;
    private readonly Half[] _points;                // [Kept x leads x Points]
    private readonly byte[] _seen;                  // [Kept x leads]: beats of a form in a lead, up to Slowest
    private readonly float[] _often = new float[Kept];
    private readonly float[] _early = new float[Kept];      // how early its beats come, running mean
    private int _usual = -1;

    public BeatForms(int leads) => (_leads, _points, _seen) = (leads, new Half[Kept * leads * Points], new byte[Kept * leads]);

    /// <summary>The usual form begins anew with the next beat.</summary>
    public bool IsEmpty => _usual < 0;

    /// <summary>Compares a beat with the usual one, then learns it. Of the first beat: as if it were the usual one.</summary>
    /// <param name="cut">The beat.</param>
    /// <param name="early">How early it comes, <see cref="BeatTiming.Early"/>.</param>
    public BeatLikeness Compare(BeatCut cut, float early)
    {
        Span<float> likeness = stackalloc float[Kept];
        Span<int> shifts = stackalloc int[Kept];
        var own = -1;
        for (var form = 0; form < Kept; form++)
        {
            likeness[form] = Match(cut, form, out shifts[form], out var isSized);
            if (isSized && (own < 0 || likeness[form] > likeness[own]))
                own = form;
        }
        var result = _usual < 0 ? First(cut) : Describe(cut, shifts[_usual]);
        var joins = own >= 0 && likeness[own] > Alike;
        result.Own = own >= 0 ? likeness[own] : 0;
        result.OwnShare = MathF.Log(((joins ? _often[own] : 0) + LeastShare) / ((_usual < 0 ? 1 : _often[_usual]) + LeastShare));
        result.IsUsual = joins && own == _usual ? 1 : 0;
        Learn(cut, early, joins ? own : -1, joins ? shifts[own] : 0);
        return result;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_points);
        Array.Clear(_seen);
        Array.Clear(_often);
        Array.Clear(_early);
        _usual = -1;
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Values<Half>(_points);
        state.Values<byte>(_seen);
        state.Values<float>(_often);
        state.Within(ref _usual, -1, Kept - 1);
        if (state.Version >= BeatStage.WithSinus)
            state.Values<float>(_early);
    }

    /// <summary>
    /// Correlation of the QRS complexes of a beat and a form at the best shift, leads weighted by their sizes; 0 where there is nothing to compare.
    /// <paramref name="isSized"/>: about as large in the lead where it is most alike.
    /// </summary>
    private float Match(BeatCut cut, int form, out int shift, out bool isSized)
    {
        Span<float> mine = stackalloc float[BeatSection.Qrs.Count];
        Span<float> other = stackalloc float[BeatSection.Qrs.Count];
        var (best, sizes) = (0f, float.PositiveInfinity);
        shift = 0;
        for (var s = -MostShift; s <= MostShift; s++)
        {
            var (sum, all, least) = (0f, 0f, float.PositiveInfinity);
            for (var l = 0; l < _leads; l++)
            {
                if (!IsComparable(cut, form, l))
                    continue;
                var pair = Pair(cut, form, l, s, BeatSection.Qrs, mine, other);
                sum += pair.Product;
                all += pair.Size * pair.OtherSize;
                least = Math.Min(least, Math.Abs(MathF.Log((pair.Size + Tiny) / (pair.OtherSize + Tiny))));
            }
            if (all > 0 && sum / all > best)
                (best, sizes, shift) = (sum / all, least, s);
        }
        isSized = sizes < MostSizes;
        return best;
    }

    private BeatLikeness Describe(BeatCut cut, int shift)
    {
        Span<float> mine = stackalloc float[BeatCut.Points];
        Span<float> other = stackalloc float[BeatCut.Points];
        var result = new BeatLikeness
        {
            Qrs = -1,
            Whole = -1,
            Atrial = -1,
            Off = float.PositiveInfinity,
            WholeOff = float.PositiveInfinity,
            AtrialOff = float.PositiveInfinity,
            RepolarizationOff = float.PositiveInfinity,
            LargestSize = float.NegativeInfinity,
            LeastSize = float.PositiveInfinity,
        };
        var count = 0;
        for (var l = 0; l < _leads; l++)
        {
            if (!IsComparable(cut, _usual, l))
                continue;
            count++;
            var qrs = Pair(cut, _usual, l, shift, BeatSection.Qrs, mine, other);
            var unit = qrs.OtherSize + Tiny;
            var (width, usualWidth) = (WidthOf(mine[..BeatSection.Qrs.Count]), WidthOf(other[..BeatSection.Qrs.Count]));
            var whole = Pair(cut, _usual, l, shift, BeatSection.Whole, mine, other);
            var atrial = Pair(cut, _usual, l, shift, BeatSection.Atrial, mine, other);
            var late = Pair(cut, _usual, l, shift, BeatSection.Repolarization, mine, other);
            var size = MathF.Log((qrs.Size + Tiny) / unit);
            result.Qrs = Math.Max(result.Qrs, qrs.Correlation);
            result.Whole = Math.Max(result.Whole, whole.Correlation);
            result.Atrial = Math.Max(result.Atrial, atrial.Correlation);
            result.Off = Math.Min(result.Off, qrs.Off / unit);
            result.WholeOff = Math.Min(result.WholeOff, whole.Off / unit);
            result.AtrialOff = Math.Min(result.AtrialOff, atrial.Off / unit);
            result.RepolarizationOff = Math.Min(result.RepolarizationOff, late.Off / unit);
            result.LargestSize = Math.Max(result.LargestSize, size);
            result.LeastSize = Math.Min(result.LeastSize, size);
            result.MeanQrs += qrs.Correlation;
            result.MeanWhole += whole.Correlation;
            result.MeanAtrial += atrial.Correlation;
            result.MeanRepolarization += late.Correlation;
            result.MeanOff += qrs.Off / unit;
            result.MeanWholeOff += whole.Off / unit;
            result.MeanAtrialOff += atrial.Off / unit;
            result.MeanSize += size;
            result.MeanWidth += MathF.Log(width / usualWidth);
            result.Width += width / BeatCut.RateHz * Step;
        }
        return count == 0 ? First(cut) : Mean(result, count);
    }

    private static BeatLikeness Mean(BeatLikeness sums, int count)
    {
        sums.MeanQrs /= count;
        sums.MeanWhole /= count;
        sums.MeanAtrial /= count;
        sums.MeanRepolarization /= count;
        sums.MeanOff /= count;
        sums.MeanWholeOff /= count;
        sums.MeanAtrialOff /= count;
        sums.MeanSize /= count;
        sums.MeanWidth /= count;
        sums.Width /= count;
        return sums;
    }

    /// <summary>That of a beat with which nothing can be compared: as if it were the usual one.</summary>
    private static BeatLikeness First(BeatCut cut) => new()
    {
        Qrs = 1,
        MeanQrs = 1,
        Whole = 1,
        MeanWhole = 1,
        Atrial = 1,
        MeanAtrial = 1,
        MeanRepolarization = 1,
        Width = WidthOf(cut[0].Slice(BeatSection.Qrs.First * Step, BeatSection.Qrs.Count * Step)) / BeatCut.RateHz,
    };

    private bool IsComparable(BeatCut cut, int form, int lead) => (cut.Leads >> lead & 1) != 0 && _seen[form * _leads + lead] > 0;

    /// <summary>A section of a beat, shifted, and of a form, each without its mean.</summary>
    private BeatPair Pair(BeatCut cut, int form, int lead, int shift, BeatSection section, Span<float> mine, Span<float> other)
    {
        mine = mine[..section.Count];
        other = other[..section.Count];
        var points = cut[lead];
        for (var i = 0; i < mine.Length; i++)
            mine[i] = points[(section.First + i) * Step + shift];
        TensorPrimitives.ConvertToSingle(_points.AsSpan((form * _leads + lead) * Points + section.First, section.Count), other);
        return BeatPair.Of(mine, other);
    }

    private void Learn(BeatCut cut, float early, int form, int shift)
    {
        TensorPrimitives.Multiply(_often, 1 - Memory, _often);
        if (form < 0)
        {
            form = Rarest();
            _seen.AsSpan(form * _leads, _leads).Clear();
            (_often[form], _early[form]) = (0, early);
        }
        _often[form] += Memory;
        for (var l = 0; l < _leads; l++)
        {
            if ((cut.Leads >> l & 1) == 0)
                continue;
            ref var seen = ref _seen[form * _leads + l];
            seen = (byte)Math.Min(seen + 1, Slowest);
            var points = cut[l];
            var mean = _points.AsSpan((form * _leads + l) * Points, Points);
            for (var i = 0; i < mean.Length; i++)
            {
                var now = points[Math.Clamp(i * Step + shift, 0, BeatCut.Points - 1)];
                mean[i] = (Half)(seen == 1 ? now : (float)mean[i] + (now - (float)mean[i]) / seen);
            }
        }
        _early[form] += (early - _early[form]) / Math.Max(1, (int)MaxSeen(form));
        for (var other = 0; other < Kept; other++)
            if (_usual < 0 ? _often[other] > 0 : other != _usual && StandingOf(other) > Change * StandingOf(_usual))
                _usual = other;
    }

    /// <summary>The form that comes least often of those that are not the usual one.</summary>
    private int Rarest()
    {
        var rarest = -1;
        for (var form = 0; form < Kept; form++)
            if (form != _usual && (rarest < 0 || _often[form] < _often[rarest]))
                rarest = form;
        return rarest;
    }

    /// <summary>How much a form is worth as the usual one.</summary>
    private float StandingOf(int form)
    {
        Span<float> wave = stackalloc float[BeatSection.Qrs.Count];
        var (width, leads) = (0f, 0);
        for (var l = 0; l < _leads; l++)
            if (_seen[form * _leads + l] > 0)
            {
                TensorPrimitives.ConvertToSingle(_points.AsSpan((form * _leads + l) * Points + BeatSection.Qrs.First, wave.Length), wave);
                width += WidthOf(wave);
                leads++;
            }
        return leads == 0 ? 0 : _often[form] * MathF.Exp(-EarlyCosts * Math.Clamp(_early[form], 0, MostEarly)) * MathF.Pow(width / leads, -WidthCosts);
    }

    private byte MaxSeen(int form)
    {
        byte most = 0;
        foreach (var seen in _seen.AsSpan(form * _leads, _leads))
            most = Math.Max(most, seen);
        return most;
    }

    /// <summary>Spread of a wave's steepness about its middle, in points.</summary>
    private static float WidthOf(ReadOnlySpan<float> wave)
    {
        float all = Tiny, middle = 0, spread = 0;
        for (var i = 1; i < wave.Length; i++)
        {
            var steep = Math.Abs(wave[i] - wave[i - 1]);
            all += steep;
            middle += steep * i;
            spread += steep * i * i;
        }
        middle /= all;
        return MathF.Sqrt(Math.Max(spread / all - middle * middle, 0.01f));
    }
}
