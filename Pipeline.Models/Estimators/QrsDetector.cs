using Pipeline.Models.State;

namespace Pipeline.Models.Estimators;

/// <summary>Is told of a candidate: where, what the rule and what the network sees of it.</summary>
internal delegate void QrsObserver(long at, ReadOnlySpan<float> features, ReadOnlySpan<float> input);

/// <summary>
/// Finds the R peaks of an ECG, all leads together, each from nothing later than a second after it. Every lead gives an envelope
/// (<see cref="QrsLead"/>); their sum, each over its own beat level and weighted by how far its beats stand out, is the beat strength; its peaks are
/// candidates; each is described (<see cref="QrsFeatures"/>) and scored (<see cref="QrsScore"/> or <see cref="QrsNetwork"/>). Of two accepted ones within 200 ms the
/// surer stays. The mark is the R peak (<see cref="QrsMark"/>). One thread; nothing is allocated after the first second.
/// </summary>
internal sealed class QrsDetector
{
    private const float LeastPeak = 0.12f;
    private const float FlatMillivolt = 0.004f;
    private const int Pending = 32;
    private readonly QrsTiming _timing;
    private readonly QrsScore _score;
    private readonly QrsLead[] _leads;
    private readonly QrsShape[] _shapes;
    private readonly float[] _weights;
    private readonly float[] _envelopes;
    private readonly long[] _candidates = new long[Pending];
    private readonly QrsStrength _strength;
    private readonly QrsRhythm _rhythm;
    private readonly QrsFeatures _features;
    private readonly QrsNetworkInput _input;
    private readonly QrsMark _mark;
    private readonly QrsOutcomes _outcomes = new();
    private int _candidateHead, _candidateCount, _inBlock;
    private bool _holding = true;
    private bool _unpublished;
    private float _lastOdds;
    private double _lastMark;

    /// <param name="rateHz">Samples per second, 100 to 500.</param>
    /// <param name="millivolts">One millivolt in the unit of each lead; 0 where it is not known.</param>
    /// <param name="score">The rule that decides on a candidate where there is no network; the fitted one by default.</param>
    /// <param name="network">See <see cref="Network"/>.</param>
    public QrsDetector(double rateHz, ReadOnlySpan<float> millivolts, QrsScore? score = null, QrsNetwork? network = null)
    {
        _score = score ?? QrsScore.Default;
        Network = network;
        _timing = QrsTiming.At(rateHz);
        _leads = new QrsLead[millivolts.Length];
        _shapes = new QrsShape[millivolts.Length];
        for (var l = 0; l < _leads.Length; l++)
        {
            _leads[l] = new QrsLead(_timing, FlatMillivolt * millivolts[l]);
            _shapes[l] = new QrsShape(_timing);
        }
        _weights = new float[_leads.Length];
        _envelopes = new float[_leads.Length];
        _strength = new QrsStrength(_timing.Of(1.25) + _timing.LookAhead + _timing.Replacement);
        _rhythm = new QrsRhythm(rateHz);
        _features = new QrsFeatures(_timing, _leads, _shapes, _weights, _strength, _rhythm);
        _input = new QrsNetworkInput(_timing, _leads, _shapes, _weights, _strength, _rhythm, _features);
        _mark = new QrsMark(_timing);
    }

    /// <summary>Decides on a candidate; null: the rule does. Another one goes on with what is known of the signal, none of which is the network's own.</summary>
    public QrsNetwork? Network { get; set; }

    /// <summary>Is told of every candidate. For fitting.</summary>
    public QrsObserver? Observer { get; set; }

    /// <summary>Decides by the plain threshold alone. For fitting the score.</summary>
    public bool ByThreshold { get; set; }

    // The rule does not need what the network sees.
    private bool IsDescribing => Network is not null || Observer is not null;

    /// <summary>Takes one sample of every lead (NaN: missing); adds to <paramref name="beats"/> the positions, in samples, of the R peaks that are now certain.</summary>
    public void Take(ReadOnlySpan<float> sample, List<double> beats) => Take(sample, 1, 1, beats);

    /// <summary>
    /// The same for <paramref name="count"/> samples, at most <see cref="QrsLead.MostAhead"/>, of every lead, those of a lead side by side and the leads
    /// <paramref name="stride"/> apart. Nothing depends on how many are taken at once.
    /// </summary>
    public void Take(ReadOnlySpan<float> samples, int stride, int count, List<double> beats)
    {
        Span<float> envelopes = stackalloc float[_leads.Length * count];    // [leads x count]
        Span<ulong> missing = stackalloc ulong[_leads.Length];
        for (var l = 0; l < _leads.Length; l++)
            missing[l] = _leads[l].TakeAhead(samples.Slice(l * stride, count), envelopes.Slice(l * count, count));
        for (var i = 0; i < count; i++)
        {
            var came = false;
            for (var l = 0; l < _leads.Length; l++)
            {
                came = _leads[l].Reveal((missing[l] >> i & 1) != 0);
                _envelopes[l] = envelopes[l * count + i];
            }
            if (!came)
                continue;
            if (_holding)
                Hold(beats);
            else
                Advance(beats);
        }
    }

    /// <summary>The signal ends: adds the beats that are left. <see cref="Clear"/> must follow before anything else is taken.</summary>
    public void Finish(List<double> beats)
    {
        var end = _leads[0].SampleCount;
        Span<float> missing = stackalloc float[_leads.Length];
        missing.Fill(float.NaN);
        var left = _timing.EnvelopeDelay + _timing.Hold + _timing.LookAhead + _timing.Replacement + 2;
        for (var i = 0; i < left; i++)
            Take(missing, beats);
        while (beats.Count > 0 && beats[^1] >= end)
            beats.RemoveAt(beats.Count - 1);
    }

    /// <summary>
    /// Adds the R peaks that are likely but not yet certain, at the end of what was taken: for a rate, not to be kept. Changes nothing.
    /// </summary>
    public void Peek(List<double> beats)
    {
        if (_unpublished)
            beats.Add(_lastMark);
        var last = _rhythm.Count == 0 ? long.MinValue / 2 : _rhythm.Last;
        for (var c = 0; c < _candidateCount; c++)
        {
            var at = _candidates[(_candidateHead + c) % Pending];
            if (at - last < _timing.Replacement || LogOdds(at, c, out _) <= 0 || _features.Rule <= 0)
                continue;
            beats.Add(_mark.Peek(_leads, _weights, at));
            last = at;
        }
    }

    /// <summary>How surely the beats of samples [<paramref name="start"/>, <paramref name="end"/>) were told from other peaks, 0 to 1.</summary>
    public double Certainty(long start, long end) => _outcomes.Certainty(start, end);

    /// <summary>How busy the signal is between the beats of samples [<paramref name="start"/>, <paramref name="end"/>), 0 to 1.</summary>
    public double Busy(long start, long end) => _outcomes.Busy(start, end);

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        foreach (var lead in _leads)
            lead.Clear();
        foreach (var shape in _shapes)
            shape.Clear();
        _strength.Clear();
        _rhythm.Clear();
        _outcomes.Clear();
        _mark.Clear();
        _input.Clear();
        Array.Clear(_weights);
        _candidateHead = _candidateCount = _inBlock = 0;
        _holding = true;
        _unpublished = false;
        _lastOdds = 0;
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        foreach (var lead in _leads)
            lead.Transfer(state);
        foreach (var shape in _shapes)
            shape.Transfer(state);
        _strength.Transfer(state);
        _rhythm.Transfer(state);
        _outcomes.Transfer(state);
        _input.Transfer(state);
        _mark.Transfer(state);
        state.Values<float>(_weights);
        state.Values<long>(_candidates);
        state.Within(ref _candidateHead, 0, Pending - 1);
        state.Within(ref _candidateCount, 0, Pending);
        state.Within(ref _inBlock, 0, _timing.Block - 1);
        state.Value(ref _holding);
        state.Value(ref _unpublished);
        state.Value(ref _lastOdds);
        state.Value(ref _lastMark);
        foreach (var lead in _leads)
            state.Check(
                lead.SampleCount == _leads[0].SampleCount && (!_holding || (lead.HeldCount == _leads[0].HeldCount && lead.HeldCount < _timing.Hold)),
                "leads that are not in step");
    }

    private void Hold(List<double> beats)
    {
        var full = false;
        for (var l = 0; l < _leads.Length; l++)
            full = _leads[l].Hold(_envelopes[l]);
        if (!full)
            return;
        _holding = false;
        SetWeights();
        for (var i = 0; i < _timing.Hold; i++)
        {
            for (var l = 0; l < _leads.Length; l++)
                _envelopes[l] = _leads[l].Held(i);
            Advance(beats);
        }
        foreach (var lead in _leads)
            lead.EndHold();
    }

    private void SetWeights()
    {
        float sum = 0;
        foreach (var lead in _leads)
            sum += lead.Weight;
        for (var l = 0; l < _leads.Length; l++)
            _weights[l] = sum > 0 ? _leads[l].Weight / sum : 0;
    }

    private void Advance(List<double> beats)
    {
        float strength = 0;
        for (var l = 0; l < _leads.Length; l++)
        {
            if (_weights[l] > 0)
                strength += _weights[l] * _envelopes[l] / _leads[l].BeatLevel;
            _leads[l].Learn(_envelopes[l]);
        }
        _strength.Add(strength);
        var count = _strength.Count;
        if (++_inBlock == _timing.Block)
        {
            _inBlock = 0;
            SetWeights();
        }
        FindPeak(count - 1 - _timing.PeakHalf);
        while (_candidateCount > 0 && _candidates[_candidateHead] + _timing.LookAhead < count)
        {
            Decide(_candidates[_candidateHead], beats);
            _candidateHead = (_candidateHead + 1) % Pending;
            _candidateCount--;
        }
        if (_unpublished && _rhythm.Last + _timing.LookAhead + _timing.Replacement < count)
            Publish(beats);
    }

    private void FindPeak(long at)
    {
        var top = _strength[at];
        if (top < LeastPeak || top <= _strength[at - 1] || top <= _strength[at + 1] || _candidateCount == Pending)
            return;
        for (var i = 2; i <= _timing.PeakHalf; i++)
            if (_strength[at - i] >= top || _strength[at + i] >= top)
                return;
        _candidates[(_candidateHead + _candidateCount++) % Pending] = at;
    }

    private void Decide(long at, List<double> beats)
    {
        var odds = LogOdds(at, 0, out var raw);
        var accepted = odds > 0;
        _input.Decided(at, raw);
        _outcomes.Add(at, odds, _features.Match, _features.Busy, accepted, _features.Rule > 0);
        if (!accepted)
            return;
        var replaces = _rhythm.Count > 0 && at - _rhythm.Last < _timing.Replacement;
        if (replaces && (odds <= _lastOdds || !_unpublished))
            return;
        if (!replaces && _unpublished)
            Publish(beats);
        var best = 0;
        for (var l = 1; l < _leads.Length; l++)
            if (_weights[l] > _weights[best])
                best = l;
        var usual = _rhythm.Count < 4 || !QrsShape.IsOther(_shapes[best].UsualMatch);
        for (var l = 0; l < _leads.Length; l++)
            if (_weights[l] > 0)
                _shapes[l].Learn(usual);
        if (IsDescribing)
            _input.Accepted(usual, replaces);
        _rhythm.Learn(at, replaces, _strength[at], _features.Steepness);
        _lastOdds = odds;
        _lastMark = _mark.Find(_leads, _weights, at);
        _unpublished = true;
    }

    /// <summary>
    /// How far the odds of the candidate at <paramref name="at"/>, which is number <paramref name="place"/> of those that wait, are above what makes a beat;
    /// <paramref name="raw"/> is the logarithm of the odds itself.
    /// </summary>
    private float LogOdds(long at, int place, out float raw)
    {
        Span<float> features = stackalloc float[QrsFeatures.Count];
        _features.Describe(at, features);
        if (!IsDescribing)
            return raw = _score.LogOdds(features);
        Span<long> next = stackalloc long[Pending];
        var count = 0;
        for (var c = place + 1; c < _candidateCount; c++)
            next[count++] = _candidates[(_candidateHead + c) % Pending];
        Span<float> input = stackalloc float[QrsNetworkInput.Count];
        _input.Describe(at, next[..count], input);
        Observer?.Invoke(at, features, input);
        if (Network is { } network)
            return (raw = network.LogOdds(input)) - _input.Threshold;
        return raw = ByThreshold ? 4 * _features.Rule : _score.LogOdds(features);
    }

    private void Publish(List<double> beats)
    {
        beats.Add(_lastMark);
        _unpublished = false;
    }
}
