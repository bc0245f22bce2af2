using System.Numerics;
using System.Numerics.Tensors;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>Sees a candidate: its place, the inputs of the rule and those of the network.</summary>
internal delegate void QrsObserver(long at, ReadOnlySpan<float> features, ReadOnlySpan<float> input);

/// <summary>
/// Finds the R peaks of an ECG, all leads together, each from nothing later than a second after it. Every lead gives an envelope
/// (<see cref="QrsLead"/>); their sum, each over its own beat level and weighted by how far its beats stand out, is the beat strength; its
/// peaks are candidates; each is described (<see cref="QrsFeatures"/>) and scored (<see cref="QrsScore"/> or <see cref="QrsNetwork"/>). Of
/// two accepted ones within the refractory period of 200 ms the surer stays. The mark is the R peak (<see cref="QrsMark"/>). One thread;
/// nothing is allocated after the first second.
/// </summary>
internal sealed partial class QrsDetector
{
    private const float SteepShare = 0.25f, SteepOffset = 1.5f;
    private readonly QrsTiming _timing;
    private readonly QrsScore _score;
    private readonly QrsLead[] _leads;
    private readonly QrsShape[] _shapes;
    private readonly float[] _weights;
    private readonly QrsStrength _strength;
    private readonly QrsCandidates _candidates;
    private readonly QrsRhythm _rhythm;
    private readonly QrsFeatures _features;
    private readonly QrsNetworkInput _input;
    private readonly QrsMark _mark;
    private readonly QrsOutcomes _outcomes = new();
    private int _inBlock;
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
        var signal = new QrsSignal(rateHz, millivolts);
        (_timing, _leads, _shapes, _weights) = (signal.Timing, signal.Leads, signal.Shapes, signal.Weights);
        (_strength, _rhythm) = (signal.Strength, signal.Rhythm);
        _candidates = new QrsCandidates(_timing, _strength);
        _features = new QrsFeatures(signal);
        _input = new QrsNetworkInput(signal, _features);
        _mark = new QrsMark(_timing);
    }

    /// <summary>
    /// Decides on a candidate; null: the rule does. It may be exchanged at any time: no state of the detector is the network's own.
    /// </summary>
    public QrsNetwork? Network { get; set; }

    /// <summary>Called with every candidate. For fitting.</summary>
    public QrsObserver? Observer { get; set; }

    /// <summary>Decides by the plain threshold alone. For fitting the score.</summary>
    public bool ByThreshold { get; set; }

    // The rule does not need what the network sees.
    private bool IsDescribing => Network is not null || Observer is not null;

    /// <summary>
    /// Takes one sample of every lead (NaN: missing); adds to <paramref name="beats"/> the positions, in samples, of the R peaks that are
    /// now certain.
    /// </summary>
    public void Take(ReadOnlySpan<float> sample, List<double> beats) => Take(sample, 1, 1, beats);

    /// <summary>
    /// The same for <paramref name="count"/> samples, at most <see cref="QrsLead.MostAhead"/>, of every lead, those of a lead side by side
    /// and the leads
    /// <paramref name="stride"/> apart. Nothing depends on how many are taken at once.
    /// </summary>
    public void Take(ReadOnlySpan<float> samples, int stride, int count, List<double> beats)
    {
        Span<float> envelopes = stackalloc float[_leads.Length * count];    // [leads x count]
        Span<ulong> missing = stackalloc ulong[_leads.Length];
        for (var l = 0; l < _leads.Length; l++)
            missing[l] = _leads[l].TakeAhead(samples.Slice(l * stride, count), envelopes.Slice(l * count, count));
        var first = 0;
        for (; first < count && _holding; first++)
        {
            Reveal(missing, first, 1);
            if (_leads[0].SampleCount > _timing.EnvelopeDelay)
                Hold(envelopes[first..], count, beats);
        }
        Advance(envelopes, count, first, count, missing, beats);
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
    /// How surely the beats of samples [<paramref name="start"/>, <paramref name="end"/>) were told from other peaks, 0 to 1.
    /// </summary>
    public double Certainty(long start, long end) => _outcomes.Certainty(start, end);

    /// <summary>How busy the signal is between the beats of samples [<paramref name="start"/>, <paramref name="end"/>), 0 to 1.</summary>
    public double Busy(long start, long end) => _outcomes.Busy(start, end);

    /// <summary>Steepness of the beats, see <see cref="QrsFeatures"/>.</summary>
    public float Steepness => _rhythm.Steepness;

    /// <summary>
    /// Envelope of what stands out of late on the lead where it is the largest, mV (about half of what a QRS complex has from zero to
    /// peak), by the
    /// <paramref name="millivolts"/> in the unit of each; infinite where that is not known.
    /// </summary>
    public double LargestBeat(ReadOnlySpan<float> millivolts)
    {
        var largest = 0.0;
        for (var l = 0; l < _leads.Length; l++)
            largest = Math.Max(largest, millivolts[l] > 0 ? _leads[l].PeakLevel / millivolts[l] : double.PositiveInfinity);
        return largest;
    }

    /// <summary>Drops the outcomes before sample <paramref name="start"/>.</summary>
    public void Forget(long start) => _outcomes.Forget(start);

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
        _candidates.Clear();
        _inBlock = 0;
        _holding = true;
        _unpublished = false;
        _lastOdds = 0;
        _lastMark = 0;
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
        _candidates.Transfer(state);
        state.Within(ref _inBlock, 0, _timing.Block - 1);
        state.Value(ref _holding);
        state.Value(ref _unpublished);
        state.Value(ref _lastOdds);
        state.Value(ref _lastMark);
        foreach (var lead in _leads)
        {
            var areHeld = !_holding || (lead.HeldCount == _leads[0].HeldCount && lead.HeldCount < _timing.Hold);
            state.Check(lead.SampleCount == _leads[0].SampleCount && areHeld, "leads that are not in step");
        }
    }

    /// <summary>Keeps the first of <paramref name="envelopes"/> [leads x stride]; when enough are kept, all of them are taken.</summary>
    private void Hold(ReadOnlySpan<float> envelopes, int stride, List<double> beats)
    {
        var full = false;
        for (var l = 0; l < _leads.Length; l++)
            full = _leads[l].Hold(envelopes[l * stride]);
        if (!full)
            return;
        _holding = false;
        SetWeights();
        Span<float> held = stackalloc float[_leads.Length * QrsLead.MostAhead];
        for (var from = 0; from < _timing.Hold; from += QrsLead.MostAhead)
        {
            var count = Math.Min(QrsLead.MostAhead, _timing.Hold - from);
            for (var l = 0; l < _leads.Length; l++)
                _leads[l].Held.Slice(from, count).CopyTo(held[(l * QrsLead.MostAhead)..]);
            Advance(held, QrsLead.MostAhead, 0, count, [], beats);
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

    /// <summary>
    /// Takes the <paramref name="envelopes"/> [leads x stride] from <paramref name="first"/> to before <paramref name="end"/>. Levels and
    /// weights change with the last sample of a half second, after its strength and before the decisions due there. Without
    /// <paramref name="missing"/> the leads' samples are visible already.
    /// </summary>
    private void Advance(ReadOnlySpan<float> envelopes, int stride, int first, int end, ReadOnlySpan<ulong> missing, List<double> beats)
    {
        while (first < end)
        {
            var count = Math.Min(end - first, _timing.Block - _inBlock);
            var isEnd = _inBlock + count == _timing.Block;
            WriteStrength(envelopes, stride, first, count);
            Decide(missing, first, isEnd ? count - 1 : count, beats);
            if (isEnd)
                Reveal(missing, first + count - 1, 1);
            for (var l = 0; l < _leads.Length; l++)
                _leads[l].Learn(envelopes.Slice(l * stride + first, count));
            first += count;
            _inBlock = isEnd ? 0 : _inBlock + count;
            if (!isEnd)
                continue;
            SetWeights();
            DecideNext(1, beats);
        }
    }

    private void WriteStrength(ReadOnlySpan<float> envelopes, int stride, int first, int count)
    {
        Span<float> strength = stackalloc float[count];
        Span<float> part = stackalloc float[count];
        Span<float> steep = stackalloc float[count];
        for (var l = 0; l < _leads.Length; l++)
        {
            if (_weights[l] <= 0)
                continue;
            TensorPrimitives.Divide(envelopes.Slice(l * stride + first, count), _leads[l].BeatLevel, part);
            // Beyond two beats' height a lead counts a quarter: the jump of one electrode does not hide the beats beside it.
            TensorPrimitives.Multiply(part, SteepShare, steep);
            TensorPrimitives.Add(steep, SteepOffset, steep);
            TensorPrimitives.Min(part, steep, part);
            TensorPrimitives.MultiplyAdd(part, _weights[l], strength, strength);
        }
        _strength.WriteAhead(strength);
    }

    private void Reveal(ReadOnlySpan<ulong> missing, int first, int count)
    {
        for (var l = 0; l < missing.Length; l++)
            _leads[l].Reveal(count, BitOperations.PopCount(missing[l] >> first << (64 - count)));
    }

    /// <summary>
    /// Makes <paramref name="count"/> samples visible and decides what is due: each candidate when the last sample that it waits for is
    /// visible, and none after it.
    /// </summary>
    private void Decide(ReadOnlySpan<ulong> missing, int first, int count, List<double> beats)
    {
        for (var end = first + count; first < end;)
        {
            var due = long.MaxValue;
            if (_candidates.Count > 0)
                due = _candidates[0] + _timing.LookAhead + 1;
            if (_unpublished)
                due = Math.Min(due, _rhythm.Last + _timing.LookAhead + _timing.Replacement + 1);
            // No further than where a candidate that is found on the way can be due.
            var some = (int)Math.Clamp(due - _strength.Count, 1, Math.Min(end - first, _timing.LookAhead - _timing.PeakHalf));
            Reveal(missing, first, some);
            DecideNext(some, beats);
            first += some;
        }
    }
}
