using System.Numerics;
using System.Numerics.Tensors;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// The fetus's beats in a window: by the filter that the windows before have learnt, and learns on; challenged by the independent
/// components and the leads of both residuals, often while the fetus is not certain. This is what is kept of a stream; the work is done
/// with a <see cref="FetalWorkspace"/>.
/// </summary>
internal sealed class FetalSearch
{
    private const int Most = FetalTiming.MostLeads, Variants = MaternalCancellation.Variants;
    private const int MostPool = 2 * Most * Variants, Refined = 3, RefinedIfClear = 2, RefiningRounds = 3;
    private const float ForLearning = 0.1f;     // how much worse a newly learnt filter may be
    private const float ToSwitch = 0.5f;        // how much better another hypothesis must be
    private const float Uncertain = 1, Sure = 2;
    private const int Pause = 2, LongPause = 4;     // windows from one challenge to the next of a fetus that is certain, and of one that is sure
    private const double MemorySeconds = 20, HopSeconds = 2, WindowSeconds = 12;

    private readonly float[] _filter = new float[LagCovariance.MostTaps];
    private readonly float[] _wave = new float[LagCovariance.MostTaps];     // mean wave of the last 20 s
    private readonly float[] _components = new float[Variants * Most * Most];
    private float _waveWeight;      // beats that the wave counts as; 0: there is none
    private int _leads;             // bits of the leads that all of this is of; 0: nothing is known
    private int _variant;
    private bool _hasFilter;

    /// <summary>Finds the fetus in the residuals of a window. The result is false where none is found, also in noise seldom.</summary>
    /// <param name="work">To work with; its residuals are those of the window, its tracking has begun.</param>
    /// <param name="leads">The leads in use, a bit each.</param>
    /// <param name="windows">Windows so far.</param>
    /// <param name="length">Samples of the window.</param>
    /// <param name="found">Gets what is found.</param>
    public bool TryFind(FetalWorkspace work, int leads, long windows, int length, FetalHypothesis found)
    {
        if (leads != _leads)
            Carry(work, leads);
        _leads = leads;
        work.Input.Begin();
        found.IsThere = false;
        if (_hasFilter)
            Follow(work, found);
        var isPresent = found.IsThere;
        var isShort = length < FetalTiming.WindowSamples;
        var isUncertain = !isPresent || found.Score < Uncertain || isShort;
        var pause = found.Score < Sure ? Pause : LongPause;
        if (isUncertain || windows % pause == 0)
        {
            // One residual after the other while the fetus is certain; all that looks like one at the start, for there is nothing to lose.
            var (first, count) = isUncertain ? (0, Variants) : ((int)(windows / pause % Variants), 1);
            isPresent &= !Challenge(work, found, first, count, isShort ? MostPool : isUncertain ? Refined : RefinedIfClear);
        }
        _hasFilter = found.IsThere;
        if (!found.IsThere)
            return false;
        _variant = found.Variant;
        found.Filter.CopyTo(_filter, 0);
        Remember(work, work.Residuals[found.Variant].Finished(work.Level), found.Beats, isPresent);
        return true;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_filter);
        Array.Clear(_wave);
        Array.Clear(_components);
        (_waveWeight, _leads, _variant, _hasFilter) = (0, 0, 0, false);
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Values<float>(_filter);
        state.Values<float>(_wave);
        state.Values<float>(_components);
        state.Value(ref _waveWeight);
        state.Within(ref _leads, 0, (1 << Most) - 1);
        state.Within(ref _variant, 0, Variants - 1);
        state.Value(ref _hasFilter);
    }

    /// <summary>
    /// Other leads than before: what the leads that both have in common show of the fetus stays known, and makes the filter of the new
    /// ones.
    /// </summary>
    private void Carry(FetalWorkspace work, int leads)
    {
        Span<float> wave = stackalloc float[LagCovariance.MostTaps];
        wave.Clear();
        var (had, has) = (BitOperations.PopCount((uint)_leads), BitOperations.PopCount((uint)leads));
        for (int lead = 0, from = 0, to = 0; lead < Most; lead++)
        {
            var (isOld, isNew) = (_leads >> lead & 1, leads >> lead & 1);
            for (var l = 0; isOld + isNew == 2 && l < LagCovariance.Lags; l++)
                wave[l * has + to] = _wave[l * had + from];
            from += isOld;
            to += isNew;
        }
        var (weight, variant, isKnown) = (_waveWeight, _variant, _hasFilter && _waveWeight > 0 && (_leads & leads) != 0);
        Clear();
        if (!isKnown)
            return;
        wave.CopyTo(_wave);
        (_waveWeight, _variant, _hasFilter) = (weight, variant, true);
        work.Residuals[variant].Finished(work.Level);
        work.Residuals[variant].Covariance.Solve(wave, _filter);
    }

    /// <summary>With the filter that is known, then with the one that its beats teach, and once more.</summary>
    private void Follow(FetalWorkspace work, FetalHypothesis found)
    {
        Try(work, _variant, _filter, mayBeSlow: true, found, float.NegativeInfinity);
        if (found.Beats.Length < 4)
            return;
        Span<float> filter = stackalloc float[LagCovariance.MostTaps];
        if (TryLearn(work, _variant, found.Beats, withMemory: true, filter))
            Try(work, _variant, filter, mayBeSlow: true, found, found.Score - ForLearning);
        if (found.Score < Sure && found.Beats.Length >= 4 && TryLearn(work, _variant, found.Beats, withMemory: true, filter))
            Try(work, _variant, filter, mayBeSlow: true, found, found.Score);
    }

    /// <summary>Makes <paramref name="found"/> what the filter finds, where its score is above <paramref name="least"/>; whether it
    /// is.</summary>
    private static bool Try(FetalWorkspace work, int variant, ReadOnlySpan<float> filter, bool mayBeSlow, FetalHypothesis found, float least)
    {
        var signals = work.Residuals[variant].Finished(work.Level);
        var output = work.Candidate.AsSpan(0, signals.Length);
        LagCovariance.Apply(signals, filter, output);
        var beats = work.CandidateBeats.AsSpan();
        var count = work.Tracking.Track(output, beats, mayBeSlow, out var terms);
        var score = terms.Contrast - BeatContrast.Penalty(beats[..count], work.Tracking.Mother);
        if (score <= least)
            return false;
        found.Set(score, terms, variant, filter, beats[..count]);
        return true;
    }

    private bool TryLearn(FetalWorkspace work, int variant, ReadOnlySpan<int> beats, bool withMemory, Span<float> filter)
    {
        var signals = work.Residuals[variant].Finished(work.Level);
        Span<float> wave = stackalloc float[LagCovariance.Lags * signals.Count];
        if (!LagCovariance.TryMedianWave(signals, beats, work.Sort, wave, out var count))
            return false;
        var known = _wave.AsSpan(0, wave.Length);
        if (withMemory && _waveWeight > 0 && TensorPrimitives.Dot<float>(wave, known) > 0)
            for (var i = 0; i < wave.Length; i++)
                wave[i] = (known[i] * _waveWeight + wave[i] * count) / (_waveWeight + count);
        work.Residuals[variant].Covariance.Solve(wave, filter);
        return true;
    }

    /// <summary>Whether something else is so much better that it takes the place of what was found.</summary>
    private bool Challenge(FetalWorkspace work, FetalHypothesis found, int first, int variants, int refined)
    {
        var pool = work.Pool;
        pool.Clear();
        for (var v = first; v < first + variants; v++)
            Collect(work, v, pool);
        var (present, switched) = (found.IsThere ? found.Score + ToSwitch : float.NegativeInfinity, false);
        var challenger = work.Challenger;
        for (var rank = 0; rank < refined && pool.TryTakeBest(out var variant, out var beats); rank++)
        {
            challenger.IsThere = false;
            Refine(work, variant, beats, challenger);
            if (!challenger.IsThere || challenger.Score <= present)
                continue;
            (present, switched) = (challenger.Score, true);
            found.Set(challenger);
        }
        return switched;
    }

    private void Collect(FetalWorkspace work, int variant, CandidatePool pool)
    {
        var signals = work.Residuals[variant].Finished(work.Level);
        var n = signals.Count;
        var components = _components.AsSpan(variant * Most * Most, n * n);
        work.Components.Find(signals, components);
        var mixed = work.Candidate.AsSpan(0, signals.Length);
        for (var c = 0; c < n; c++)
        {
            mixed.Clear();
            for (var k = 0; k < n; k++)
                TensorPrimitives.MultiplyAdd(signals[k], components[c * n + k], mixed, mixed);
            Add(work, variant, mixed, pool);
        }
        for (var c = 0; c < n && n > 1; c++)
            Add(work, variant, signals[c], pool);
    }

    private static void Add(FetalWorkspace work, int variant, ReadOnlySpan<float> signal, CandidatePool pool)
    {
        var beats = work.CandidateBeats.AsSpan();
        var count = work.Search.Find(signal, BeatForm.Fetus, beats, out var score);
        if (count < 4)
            return;
        score -= BeatContrast.Penalty(beats[..count], work.Tracking.Mother);
        pool.Add(score, variant, beats[..count]);
        work.Input.Take(beats[..count], score);
    }

    /// <summary>The best of some rounds of learning a filter from beats and finding the beats by it.</summary>
    private void Refine(FetalWorkspace work, int variant, ReadOnlySpan<int> beats, FetalHypothesis best)
    {
        Span<float> filter = stackalloc float[LagCovariance.MostTaps];
        var round = work.Round;
        round.Set(0, BeatTerms.None, variant, filter, beats);
        for (var i = 0; i < RefiningRounds; i++)
        {
            if (!TryLearn(work, variant, round.Beats, withMemory: false, filter))
                return;
            Try(work, variant, filter, mayBeSlow: false, round, float.NegativeInfinity);
            if (round.Beats.Length < 4)
                return;
            if (!best.IsThere || round.Score > best.Score)
                best.Set(round);
        }
    }

    private void Remember(FetalWorkspace work, SignalRows signals, ReadOnlySpan<int> beats, bool isPresent)
    {
        Span<float> wave = stackalloc float[LagCovariance.Lags * signals.Count];
        if (!LagCovariance.TryMedianWave(signals, beats, work.Sort, wave, out _))
            return;
        var known = _wave.AsSpan(0, wave.Length);
        if (_waveWeight == 0 || !isPresent || TensorPrimitives.Dot<float>(wave, known) <= 0)
        {
            wave.CopyTo(known);
            _waveWeight = 1e-3f;
            return;
        }
        const float Part = (float)(HopSeconds / MemorySeconds);
        for (var i = 0; i < wave.Length; i++)
            known[i] += Part * (wave[i] - known[i]);
        _waveWeight = (float)Math.Min(MemorySeconds / WindowSeconds * beats.Length, _waveWeight + beats.Length * HopSeconds / WindowSeconds);
    }
}
