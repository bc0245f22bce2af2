using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// Takes the mother's beats out of a lead: each beat as the median of the beats of window and bank plus its part of their first principal
/// components (Kanjilal, Palit, Saha 1997, doi:10.1109/10.553712), in a Tukey taper, aligned by ±8 ms. With one component and with three:
/// the more, the less of the mother stays, and of the fetus. Owns its scratch: one thread at a time.
/// </summary>
internal sealed class MaternalCancellation(ColumnSort sort)
{
    /// <summary>Residuals that are made: with one component, and with three.</summary>
    public const int Variants = 2;

    private const int Most = 30;                    // beats that a model is made from
    private const int MostBeats = 48;               // of the mother, in a window
    private const int Length = MaternalBank.Length, Before = MaternalBank.Before;
    private const int Reach = 15, Lag = 2;          // of the alignment
    private const int MostComponents = LeadingEigenvectors.Most;
    private const float TaperPart = 0.15f;
    private const float LeastTaper = 0.3f;
    private const double CutRidge = 0.151;          // of beats that the window cuts
    private readonly float[] _model = new float[Most * Length];
    private readonly float[] _template = new float[2 * Reach], _median = new float[Length], _taper = new float[Length], _wave = new float[Length], _rest = new float[Length];
    private readonly float[] _components = new float[MostComponents * Length];
    private readonly float[] _sum = new float[FetalTiming.WindowSamples], _weight = new float[FetalTiming.WindowSamples];
    private readonly double[] _gram = new double[Most * Most];
    private readonly int[] _aligned = new int[MostBeats];
    private int _before, _length, _modelCount;

    /// <summary>Writes the residual of each variant; without three beats that is the lead itself.</summary>
    /// <param name="lead">The lead, a window at most.</param>
    /// <param name="beats">The mother's beats in it.</param>
    /// <param name="start">Sample index of the window's first sample.</param>
    /// <param name="bank">Earlier beats of the lead.</param>
    /// <param name="one">Gets the residual with one component.</param>
    /// <param name="three">Gets the residual with three.</param>
    public void Subtract(ReadOnlySpan<float> lead, ReadOnlySpan<int> beats, long start, MaternalBank bank, Span<float> one, Span<float> three)
    {
        lead.CopyTo(one);
        lead.CopyTo(three);
        beats = beats[..Math.Min(beats.Length, MostBeats)];
        if (beats.Length < 3)
            return;
        var interval = Medians.OfIntervals(beats);
        _before = (int)Math.Min(Before, 0.35f * interval);
        _length = _before + (int)Math.Min(Length - Before, 0.65f * interval);
        MakeTaper();
        var old = 0;
        while (old < bank.Count && bank.Place(old) < start + Before)
            old++;
        Align(lead, beats, bank, old);
        if (!MakeModel(lead, beats.Length, bank, old))
            return;
        var components = Decompose(Math.Min(MostComponents, (_modelCount - 1) / 3));
        Subtract(lead, beats.Length, Math.Min(1, components), one);
        Subtract(lead, beats.Length, components, three);
    }

    /// <summary>Keeps in <paramref name="bank"/> the beats of the lead just worked on that leave the window with the next hop.</summary>
    /// <param name="beats">How many beats there were.</param>
    /// <param name="end">Beats before this sample of the window leave it.</param>
    /// <param name="start">Sample index of the window's first sample.</param>
    /// <param name="lead">The lead.</param>
    /// <param name="bank">Gets them.</param>
    /// <param name="after">Only beats after this sample index: those before are in the bank.</param>
    public void Keep(ReadOnlySpan<float> lead, int beats, int end, long start, MaternalBank bank, long after)
    {
        foreach (var at in _aligned.AsSpan(0, Math.Min(beats, MostBeats)))
            if (IsWhole(at, lead.Length) && at < end && start + at > after)
                bank.Add(start + at, lead.Slice(at - Before, Length));
    }

    private static bool IsWhole(int at, int length) => at >= Before && at + Length - Before <= length;

    // Tukey: cosine flanks over TaperPart of the length.
    private void MakeTaper()
    {
        var flank = TaperPart * (_length - 1) / 2;
        for (var i = 0; i < _length; i++)
        {
            var edge = Math.Min(i, _length - 1 - i);
            _taper[i] = edge < flank ? 0.5f * (1 + MathF.Cos(MathF.PI * (edge / flank - 1))) : 1;
        }
    }

    /// <summary>Moves each beat to where the lead is most like the median beat.</summary>
    private void Align(ReadOnlySpan<float> lead, ReadOnlySpan<int> beats, MaternalBank bank, int old)
    {
        sort.Begin(2 * Reach);
        foreach (var at in beats)
            if (IsWhole(at, lead.Length))
                lead.Slice(at - Reach, 2 * Reach).CopyTo(sort.Add());
        for (var b = 0; b < old; b++)
            bank.CopyTo(b, Before - Reach, sort.Add());
        if (sort.Count == 0)
            Copy(lead, beats[0] - Reach, sort.Add());
        sort.Medians(_template);
        Span<float> around = stackalloc float[2 * (Reach + Lag)];
        for (var b = 0; b < beats.Length; b++)
        {
            Copy(lead, beats[b] - Reach - Lag, around);
            var (best, lag) = (float.NegativeInfinity, 0);
            for (var l = -Lag; l <= Lag; l++)
            {
                var likeness = TensorPrimitives.Dot<float>(around.Slice(l + Lag, 2 * Reach), _template);
                if (likeness > best)
                    (best, lag) = (likeness, l);
            }
            _aligned[b] = beats[b] + lag;
        }
    }

    /// <summary>Copies the lead from sample <paramref name="from"/> on; outside the window it is 0.</summary>
    private static void Copy(ReadOnlySpan<float> lead, int from, Span<float> samples)
    {
        var (low, high) = (Math.Clamp(-from, 0, samples.Length), Math.Clamp(lead.Length - from, 0, samples.Length));
        samples[..low].Clear();
        if (high > low)
            lead[(from + low)..(from + high)].CopyTo(samples[low..]);
        samples[Math.Max(low, high)..].Clear();
    }

    /// <summary>Median beat, and what each beat of the model differs from it, tapered. False where there are fewer than two
    /// beats.</summary>
    private bool MakeModel(ReadOnlySpan<float> lead, int beats, MaternalBank bank, int old)
    {
        var whole = 0;
        for (var b = 0; b < beats; b++)
            whole += IsWhole(_aligned[b], lead.Length) ? 1 : 0;
        var first = Math.Max(0, old - Math.Max(0, Most - whole));
        _modelCount = 0;
        for (var b = first; b < old; b++)
            bank.CopyTo(b, Before - _before, _model.AsSpan(Length * _modelCount++, _length));
        for (var b = 0; b < beats && _modelCount < Most; b++)
            if (IsWhole(_aligned[b], lead.Length))
                lead.Slice(_aligned[b] - _before, _length).CopyTo(_model.AsSpan(Length * _modelCount++));
        if (_modelCount < 2)
            return false;
        sort.Begin(_length);
        for (var b = 0; b < _modelCount; b++)
            _model.AsSpan(b * Length, _length).CopyTo(sort.Add());
        sort.Medians(_median.AsSpan(0, _length));
        for (var b = 0; b < _modelCount; b++)
            Differ(_model.AsSpan(b * Length, _length));
        return true;
    }

    private void Differ(Span<float> beat)
    {
        TensorPrimitives.Subtract(beat, _median.AsSpan(0, _length), beat);
        TensorPrimitives.Multiply(beat, _taper.AsSpan(0, _length), beat);
    }

    /// <summary>The first principal components of the model, orthonormal; how many of <paramref name="wanted"/> there are.</summary>
    private int Decompose(int wanted)
    {
        if (wanted == 0)
            return 0;
        var n = _modelCount;
        for (var a = 0; a < n; a++)
            for (var b = 0; b <= a; b++)
                _gram[a * n + b] = _gram[b * n + a] = TensorPrimitives.Dot<float>(_model.AsSpan(a * Length, _length), _model.AsSpan(b * Length, _length));
        Span<double> values = stackalloc double[wanted], vectors = stackalloc double[wanted * n];
        LeadingEigenvectors.Find(_gram.AsSpan(0, n * n), n, values, vectors);
        var count = 0;
        for (; count < wanted; count++)
        {
            var value = values[count];
            if (!(value > 1e-9 * values[0]) || !(value > 0))
                break;
            var component = _components.AsSpan(count * Length, _length);
            component.Clear();
            for (var b = 0; b < n; b++)
                TensorPrimitives.MultiplyAdd(_model.AsSpan(b * Length, _length), (float)(vectors[count * n + b] / Math.Sqrt(value)), component, component);
        }
        return count;
    }

    private void Subtract(ReadOnlySpan<float> lead, int beats, int components, Span<float> residual)
    {
        Span<float> sum = _sum.AsSpan(0, lead.Length), weight = _weight.AsSpan(0, lead.Length);
        sum.Clear();
        weight.Clear();
        for (var b = 0; b < beats; b++)
        {
            var from = _aligned[b] - _before;
            var (low, high) = (Math.Max(0, -from), Math.Min(_length, lead.Length - from));
            if (high <= low)
                continue;
            Model(lead, from, low, high, components);
            TensorPrimitives.MultiplyAdd(_wave.AsSpan(low, high - low), _taper.AsSpan(low, high - low), sum[(from + low)..(from + high)], sum[(from + low)..(from + high)]);
            TensorPrimitives.Add(weight[(from + low)..(from + high)], _taper.AsSpan(low, high - low), weight[(from + low)..(from + high)]);
        }
        TensorPrimitives.Max(weight, 1f, weight);
        TensorPrimitives.Divide(sum, weight, sum);
        TensorPrimitives.Subtract(lead, sum, residual);
    }

    /// <summary>The mother's beat that begins at sample <paramref name="from"/>, of which the window holds [<paramref name="low"/>,
    /// <paramref name="high"/>).</summary>
    private void Model(ReadOnlySpan<float> lead, int from, int low, int high, int components)
    {
        var wave = _wave.AsSpan(0, _length);
        wave.Clear();
        if (components > 0)
        {
            var rest = _rest.AsSpan(0, _length);
            rest.Clear();
            lead.Slice(from + low, high - low).CopyTo(rest[low..]);
            Differ(rest);
            Span<double> weights = stackalloc double[components];
            var visible = high - low;
            for (var c = 0; c < components; c++)
                weights[c] = TensorPrimitives.Dot<float>(rest.Slice(low, visible), _components.AsSpan(c * Length + low, visible));
            if (visible < _length)
                Ridge(weights, low, visible);
            for (var c = 0; c < components; c++)
                TensorPrimitives.MultiplyAdd(_components.AsSpan(c * Length, _length), (float)weights[c], wave, wave);
            for (var k = 0; k < _length; k++)
                wave[k] /= Math.Max(_taper[k], LeastTaper);
        }
        TensorPrimitives.Add(wave, _median.AsSpan(0, _length), wave);
    }

    /// <summary>Components that are seen in part only are no longer orthonormal: least squares on what is seen, damped.</summary>
    private void Ridge(Span<double> weights, int low, int visible)
    {
        var n = weights.Length;
        Span<double> square = stackalloc double[n * n];
        for (var a = 0; a < n; a++)
        {
            for (var b = 0; b < n; b++)
                square[a * n + b] = TensorPrimitives.Dot<float>(_components.AsSpan(a * Length + low, visible), _components.AsSpan(b * Length + low, visible));
            square[a * n + a] += CutRidge;
        }
        Cholesky.Factor(square, n);
        Cholesky.Solve(square, weights);
    }
}
