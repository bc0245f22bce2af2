using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Signals;
using Pipeline.Training.Evaluation;
using Pipeline.Training.Qrs;

namespace Pipeline.Training.Autoencoder;

/// <summary>A beat that was found, with its reference.</summary>
/// <param name="Code">WFDB code of the reference.</param>
/// <param name="Anomaly">How abnormal it is without the network (<see cref="Beat.Anomaly"/>).</param>
/// <param name="Error">The logarithm of the reconstruction's error.</param>
/// <param name="Score">The same against the patient's own.</param>
public readonly record struct ScoredBeat(int Code, float Anomaly, float Error, float Score)
{
    /// <summary>Whether it is of class N, of S, V or F, or of none that counts.</summary>
    public bool? IsAbnormal => new EcgBeat(0, Code).IsNormal ? false : Code is >= 4 and <= 10 or 41 ? true : null;
}

/// <summary>The first lead of a recording in electrode motion, in the noisy minutes.</summary>
/// <param name="Before">Signal to noise ratio of the noisy lead, without baseline (0.5 Hz), dB.</param>
/// <param name="After">The same of the denoised one; where it is blank it counts as a straight line.</param>
/// <param name="RawBefore">The same with baseline and all.</param>
/// <param name="RawAfter">The same after.</param>
/// <param name="Blank">Part of it that is blank.</param>
/// <param name="BeatsBefore">QRS complexes found in the noisy leads.</param>
/// <param name="BeatsAfter">The same in the denoised ones.</param>
public readonly record struct DenoisingScore(double Before, double After, double RawBefore, double RawAfter, double Blank, BeatCounts BeatsBefore, BeatCounts BeatsAfter);

/// <summary>How an autoencoder does on a recording, as it is served.</summary>
public static class AutoencoderEvaluation
{
    private const double ToleranceSeconds = 0.15;

    /// <summary>The beats of a recording with their references.</summary>
    public static List<ScoredBeat> Score(EcgRecording record, EcgAutoencoder model, QrsModel? qrs)
    {
        ArgumentNullException.ThrowIfNull(record);
        var windows = Run(record, model, qrs);
        var anomalies = windows.SelectMany(window => window.Beats).ToDictionary(beat => beat.SampleIndex, beat => beat.Anomaly);
        EncodedBeat[] found = [.. windows.SelectMany(window => window.Encoded)];
        var matching = BeatMatching.Of([.. record.Beats.Select(b => b.Sample)], [.. found.Select(b => b.SampleIndex)], ToleranceSeconds * record.RateHz);
        var scored = new List<ScoredBeat>();
        for (var f = 0; f < found.Length; f++)
            if (matching.Partners[f] is >= 0 and var partner && record.IsScored(found[f].SampleIndex))
                scored.Add(new ScoredBeat(record.Beats[partner].Code, anomalies[found[f].SampleIndex], found[f].Error, found[f].Score));
        return scored;
    }

    /// <summary>A recording with noise mixed in at <paramref name="decibels"/> as the noise stress test does.</summary>
    public static DenoisingScore Denoise(EcgRecording record, EcgRecording noise, double decibels, EcgAutoencoder model, QrsModel? qrs)
    {
        ArgumentNullException.ThrowIfNull(record);
        var noisy = NoiseStress.Mix(record, noise, decibels);
        var windows = Run(noisy, model, qrs);
        var denoised = Denoised(windows.SelectMany(window => window.Encoded), record);
        var whole = Array.ConvertAll(denoised[0], value => float.IsFinite(value) ? value : 0);
        var rate = record.RateHz;
        var (before, after) = Ratios(BeatLead.WithoutBaseline(record.Leads[0], rate), BeatLead.WithoutBaseline(noisy.Leads[0], rate), BeatLead.WithoutBaseline(whole, rate), rate);
        var (rawBefore, rawAfter) = Ratios(record.Leads[0], noisy.Leads[0], whole, rate);
        var blank = Enumerable.Range(0, whole.Length).Where(i => NoiseStress.IsNoisy(i, rate)).Average(i => float.IsFinite(denoised[0][i]) ? 0.0 : 1);
        return new DenoisingScore(before, after, rawBefore, rawAfter, blank, Count(record, windows.SelectMany(w => w.Beats)), Count(record, QrsOf(record.With(denoised), qrs)));
    }

    /// <summary>The denoised leads, [leads][samples]; NaN where they are blank.</summary>
    public static float[][] Denoised(IEnumerable<EncodedBeat> beats, EcgRecording record)
    {
        ArgumentNullException.ThrowIfNull(beats);
        ArgumentNullException.ThrowIfNull(record);
        var leads = Math.Min(record.Leads.Length, BeatRow.Leads);
        var (writer, samples) = (new DenoisedEcg(record.RateHz, leads), Enumerable.Range(0, leads).Select(_ => new List<float>()).ToArray());
        foreach (var beat in beats)
            writer.Add(beat, samples);
        writer.Finish(record.SampleCount, samples);
        return [.. samples.Select(lead => lead.ToArray())];
    }

    private static List<WindowResult> Run(EcgRecording record, EcgAutoencoder model, QrsModel? qrs) => Run(record, first => Stages.Create(first.Channels, first.RateHz, qrs is null ? [model] : [qrs, model]));

    private static List<WindowResult> Run(EcgRecording record, StageFactory stages) => [.. StreamRun.Of(
        StreamRun.Chunks(record.Leads, new ChannelLayout([.. record.Leads.Select((_, l) => new Channel($"ECG{l}", SignalKind.Ecg, "mV"))]), record.RateHz), stages)];

    private static IEnumerable<Beat> QrsOf(EcgRecording record, QrsModel? qrs) => Run(record, first => [new EcgStage(first.Channels, first.RateHz, qrs)]).SelectMany(window => window.Beats);

    private static BeatCounts Count(EcgRecording record, IEnumerable<Beat> beats)
    {
        bool Counts(double sample) => record.IsScored(sample) && NoiseStress.IsNoisy(sample, record.RateHz);
        var matching = BeatMatching.Of(
            [.. record.Beats.Select(b => b.Sample).Where(Counts)], [.. beats.Where(b => b.Signal == SignalKind.Ecg).Select(b => b.SampleIndex).Where(Counts)], ToleranceSeconds * record.RateHz);
        return new BeatCounts(matching.True, matching.False, matching.Missed);
    }

    private static (double Before, double After) Ratios(float[] clean, float[] noisy, float[] denoised, double rateHz)
    {
        var at = Enumerable.Range(0, clean.Length).Where(i => NoiseStress.IsNoisy(i, rateHz) && float.IsFinite(clean[i])).ToArray();
        var mean = at.Average(i => (double)clean[i]);
        var power = at.Average(i => (clean[i] - mean) * (clean[i] - mean));
        double Ratio(float[] other) => 10 * Math.Log10(power / at.Average(i => Math.Pow(other[i] - clean[i], 2)));
        return (Ratio(noisy), Ratio(denoised));
    }
}
