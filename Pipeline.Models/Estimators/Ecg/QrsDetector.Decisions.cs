namespace Pipeline.Models.Estimators.Ecg;

/// <summary>Which candidates are beats.</summary>
internal sealed partial class QrsDetector
{
    private const int BeatsToJudge = 4;
    private const float LeastShown = 0.25f;     // size of a beat against the last ones, below which a lead does not show it
    private const float MostShown = 0.6f;       // size above which it shows what is no beat
    private const float WorstMatch = 0.3f, GoodMatch = 0.8f;

    /// <summary>
    /// Adds the R peaks that are likely but not yet certain, at the end of what was taken: for a rate, not to be kept. Changes nothing.
    /// </summary>
    public void Peek(List<double> beats)
    {
        if (_unpublished)
            beats.Add(_lastMark);
        var last = _rhythm.Count == 0 ? long.MinValue / 2 : _rhythm.Last;
        for (var c = 0; c < _candidates.Count; c++)
        {
            var at = _candidates[c];
            if (at - last < _timing.Replacement || LogOdds(at, c, out _) <= 0 || _features.Rule <= 0)
                continue;
            beats.Add(_mark.Peek(_leads, _weights, at));
            last = at;
        }
    }

    private void DecideNext(int count, List<double> beats)
    {
        var first = _strength.Count;
        _strength.Reveal(count);
        _candidates.Find(first - _timing.PeakHalf, count);
        while (_candidates.Count > 0 && _candidates[0] + _timing.LookAhead < _strength.Count)
        {
            Decide(_candidates[0], beats);
            _candidates.RemoveFirst();
        }
        if (_unpublished && _rhythm.Last + _timing.LookAhead + _timing.Replacement < _strength.Count)
            Publish(beats);
    }

    private void Decide(long at, List<double> beats)
    {
        var odds = LogOdds(at, 0, out var raw);
        var accepted = odds > 0;
        _input.Decided(at, raw);
        _outcomes.Add(at, odds, _features.Match, _features.Busy, accepted, _features.Rule > 0);
        JudgeLeads(accepted);
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
            {
                _shapes[l].Learn(usual);
                _leads[l].LearnBeat(_shapes[l].Envelope);
            }
        if (IsDescribing)
            _input.Accepted(usual, replaces);
        _rhythm.Learn(at, replaces, _strength[at], _features.Steepness);
        _lastOdds = odds;
        _lastMark = _mark.Find(_leads, _weights, at);
        _unpublished = true;
    }

    /// <summary>
    /// How well each lead showed the candidate last described: a beat by its likeness to those before, and by its size; what is no beat by
    /// not showing it. Single leads are not judged, nor are any before there are templates.
    /// </summary>
    private void JudgeLeads(bool accepted)
    {
        if (_leads.Length < 2 || _rhythm.Count < BeatsToJudge)
            return;
        for (var l = 0; l < _leads.Length; l++)
        {
            if (_weights[l] <= 0)
                continue;
            var shape = _shapes[l];
            var size = shape.Peak / Math.Max(shape.Level, 1e-12f);
            if (accepted)
                _leads[l].Judge(size < LeastShown ? 0 : Math.Clamp((shape.BestMatch - WorstMatch) / (GoodMatch - WorstMatch), 0, 1));
            else if (size > MostShown)
                _leads[l].Judge(0);
        }
    }

    /// <summary>
    /// How far the odds of the candidate at <paramref name="at"/>, which is number <paramref name="place"/> of those that wait, are above
    /// what makes a beat;
    /// <paramref name="raw"/> is the logarithm of the odds itself.
    /// </summary>
    private float LogOdds(long at, int place, out float raw)
    {
        Span<float> features = stackalloc float[QrsFeatures.Count];
        _features.Describe(at, features);
        if (!IsDescribing)
            return raw = _score.LogOdds(features);
        Span<long> next = stackalloc long[QrsCandidates.Most];
        var count = 0;
        for (var c = place + 1; c < _candidates.Count; c++)
            next[count++] = _candidates[c];
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
