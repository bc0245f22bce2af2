using Pipeline.Models.Signals;

namespace Pipeline.Models.Estimators.Beats;

/// <summary>
/// The beats of a window that an autoencoder is asked about, in up to two leads. Its estimate is the score of the most abnormal of them (<see cref="Metric.Anomaly"/>); where there is no beat
/// it has no value. The patient's own usual error goes with the recurrent state.
/// </summary>
public sealed class AutoencoderQuestion : NetworkQuestion
{
    private const float Floor = 0.02f;              // of an RMS: the noise of a good lead
    private const int Slowest = 40;                 // beats of the patient's own mean
    private const float MostUp = 0.7f, MostDown = -1.5f;
    private const float UsableError = 0;            // logarithm: from here on the reconstruction is off by as much as the beat is

    private readonly double[] _places = new double[BeatRow.Slots];
    private readonly float[,] _scales = new float[BeatRow.Leads, BeatRow.Slots], _levels = new float[BeatRow.Leads, BeatRow.Slots];
    private EncodedBeat[] _beats = [];
    private double _rateHz;

    internal AutoencoderQuestion(EcgAutoencoder model)
        : base(model)
    {
    }

    /// <summary>Beats that are asked about.</summary>
    internal int Count { get; private set; }

    /// <inheritdoc/>
    public override IReadOnlyList<EncodedBeat> Beats => _beats;

    /// <inheritdoc/>
    public override Estimate Answered(RateMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        _beats = [];
        foreach (var number in Output)
            if (!float.IsFinite(number))
                return Unanswered(memory);
        if (Count == 0)
            return Classical;
        var beats = new EncodedBeat[Count];
        for (var slot = 0; slot < Count; slot++)
            beats[slot] = Read(slot, memory.State);
        _beats = beats;
        var worst = beats.MaxBy(beat => beat.Score)!;     // there is one
        return float.IsNaN(worst.Score)
            ? Classical
            : Classical with { Value = worst.Score, Quality = beats.Count(beat => beat.Error < UsableError) / (double)Count, Status = EstimateStatus.Ok, Model = Model.Identity };
    }

    /// <summary>Begins a window without beats.</summary>
    internal void Set(bool startsAnew, double coverage, double rateHz)
    {
        _rateHz = rateHz;
        (StartsAnew, Count, _beats) = (startsAnew, 0, []);
        Classical = new Estimate(SignalKind.Ecg, Metric.Anomaly, double.NaN, double.NaN, 0, coverage, EstimateStatus.LowQuality, Stages.Classical);
        Array.Clear(Input);
    }

    /// <summary>Adds a beat, of which there is room for <see cref="BeatRow.Slots"/>, in the leads that have it.</summary>
    internal void Add(in BeatCut cut, double index, float early, Span<BeatScale> scales)
    {
        for (var lead = 0; lead < scales.Length; lead++)
        {
            if ((cut.Leads >> lead & 1) == 0)
                continue;
            scales[lead].Describe(cut[lead], cut.MeanOf(lead), early, BeatRow.Input(Input, lead, Count));
            (_scales[lead, Count], _levels[lead, Count]) = (scales[lead].Size, scales[lead].Level);
        }
        _places[Count++] = index;
    }

    private EncodedBeat Read(int slot, float[] state)
    {
        var (error, score) = (float.NaN, float.NaN);
        for (var lead = 0; lead < BeatRow.Leads; lead++)
        {
            if (BeatRow.Input(Input, lead, slot)[0] == 0)
                continue;
            var one = 0.5f * MathF.Log(Math.Max(0, BeatRow.Output(Output, lead, slot)[0]) + Floor * Floor);
            var more = Compare(one, BeatRow.Own(state, lead));
            if (!(score <= more))
                (error, score) = (one, more);
        }
        var beat = new EncodedBeat(_places[slot], error, score) { Seconds = _places[slot] / _rateHz, Encoding = EncodingOf(slot) };
        return ((EcgAutoencoder)Model).KeepsWaves ? beat with { Waves = [.. Enumerable.Range(0, BeatRow.Leads).Select(lead => WaveOf(lead, slot))] } : beat;
    }

    /// <summary>How much larger than the patient's own usual error, which learns of it.</summary>
    private static float Compare(float error, Span<float> own)
    {
        if (own[1] == 0)
            own[0] = error;
        var more = error - own[0];
        own[1] = Math.Min(own[1] + 1, Slowest);
        own[0] += Math.Clamp(more, MostDown, MostUp) / own[1];
        return more;
    }

    private float[] EncodingOf(int slot)
    {
        for (var lead = 0; lead < BeatRow.Leads; lead++)
            if (BeatRow.Input(Input, lead, slot)[0] != 0)
                return BeatRow.Output(Output, lead, slot)[^BeatRow.EncodingLength..].ToArray();
        return [];
    }

    private float[]? WaveOf(int lead, int slot)
    {
        if (BeatRow.Input(Input, lead, slot)[0] == 0)
            return null;
        var wave = BeatRow.Output(Output, lead, slot).Slice(2, BeatRow.Points).ToArray();
        foreach (ref var point in wave.AsSpan())
            point = point * _scales[lead, slot] + _levels[lead, slot];
        return wave;
    }
}
