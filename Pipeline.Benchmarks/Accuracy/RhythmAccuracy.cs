using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using Pipeline.Host.Networks;
using Pipeline.Models;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Estimators.Rhythm;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;
using Pipeline.Training.Evaluation;
using Pipeline.Training.Qrs;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// Atrial fibrillation by the intervals between the product's own beats. ECG: MIT-BIH DS1, at each beat whose last 64 intervals are all of one rhythm, fibrillation or flutter against all
/// others. PPG: Liu 2022, segments of 10 s of one patient and rhythm one after the other, no interval between two of them; fibrillation against sinus rhythm. Nothing of it was fitted.
/// </summary>
internal sealed class RhythmAccuracy : IBenchmark
{
    private const int SegmentSamples = 1000, Sinus = 0, Fibrillation = 5;
    private const double PpgRateHz = 100;
    private static readonly ChannelLayout Ppg = new(new Channel("PPG", SignalKind.Ppg, "1"));

    /// <inheritdoc/>
    public string Name => "accuracy-rhythm";

    /// <inheritdoc/>
    public string Summary => "atrial fibrillation by the intervals between beats: ECG (MIT-BIH DS1) and PPG (Liu 2022), by patient";

    /// <inheritdoc/>
    public Task RunAsync(Report report, CancellationToken stop)
    {
        if (RecordingsFolder.Find(report, "mitdb") is { } mitdb)
            AddEcg(report, (report.Quick ? ["201", "122"] : MitBih.Ds1).Select(name => EcgRecordings.Read(mitdb, name)), stop);
        if (RecordingsFolder.Find(report, "arrhythmia_liu2022") is { } liu)
            AddPpg(report, [.. Directory.GetFiles(liu, "*.i16.gz").Order(StringComparer.Ordinal).Take(report.Quick ? 3 : int.MaxValue)], stop);
        return Task.CompletedTask;
    }

    private static void AddEcg(Report report, IEnumerable<EcgRecording> records, CancellationToken stop)
    {
        List<double> fibrillating = [], others = [];
        INetwork[] networks = ModelCatalog.Qrs is { } qrs ? [qrs] : [];
        foreach (var record in records)
        {
            stop.ThrowIfCancellationRequested();
            var irregular = new IrregularIntervals();
            var (last, same, was) = (double.NaN, 0, false);
            foreach (var beat in record.Run(first => [new EcgStage(first.Channels, first.RateHz, networks.OfType<QrsModel>().FirstOrDefault())]).SelectMany(window => window.Beats))
            {
                var rhythm = record.Rhythms.LastOrDefault(one => one.From <= beat.SampleIndex).Name ?? "";
                var fibrillates = rhythm is "(AFIB" or "(AFL";
                irregular.Take((beat.SampleIndex - last) / record.RateHz);
                (same, was, last) = (fibrillates == was ? same + 1 : 0, fibrillates, beat.SampleIndex);
                if (same > IrregularIntervals.Kept && irregular.IsFull && record.IsScored(beat.SampleIndex))
                    (fibrillates ? fibrillating : others).Add(irregular.Entropy());
            }
        }
        report.Add("ecg_beats_fibrillating", fibrillating.Count, "1");
        report.Add("ecg_beats_other", others.Count, "1");
        report.Add("ecg_auc", RankAuc.Of(fibrillating, others), "1");
        AddAtThreshold(report, "ecg", fibrillating, others);
    }

    private static void AddPpg(Report report, string[] files, CancellationToken stop)
    {
        List<double> fibrillating = [], sinus = [], patientsFibrillating = [], patientsSinus = [];
        foreach (var file in files)
        {
            stop.ThrowIfCancellationRequested();
            var labels = File.ReadLines(file.Replace(".i16.gz", ".labels.csv", StringComparison.Ordinal)).Skip(1).Select(row => int.Parse(row.Split(',')[1], CultureInfo.InvariantCulture)).ToArray();
            var samples = Samples(file);
            foreach (var label in new[] { Sinus, Fibrillation })
            {
                var (irregular, own) = (new IrregularIntervals(), new List<double>());
                for (var segment = 0; segment < labels.Length; segment++)
                {
                    if (labels[segment] != label)
                        continue;
                    var last = double.NaN;
                    foreach (var beat in Pulses(samples.AsSpan(segment * SegmentSamples, SegmentSamples)))
                    {
                        irregular.Take((beat - last) / PpgRateHz);
                        last = beat;
                    }
                    if (irregular.IsFull)
                        own.Add(irregular.Entropy());
                }
                (label == Sinus ? sinus : fibrillating).AddRange(own);
                if (own.Count > 0)
                    (label == Sinus ? patientsSinus : patientsFibrillating).Add(own.Average());
            }
        }
        report.Add("ppg_patients_fibrillating", patientsFibrillating.Count, "1");
        report.Add("ppg_patients_sinus", patientsSinus.Count, "1");
        report.Add("ppg_auc", RankAuc.Of(fibrillating, sinus), "1");
        report.Add("ppg_auc_of_patients", RankAuc.Of(patientsFibrillating, patientsSinus), "1");
        AddAtThreshold(report, "ppg", fibrillating, sinus);
    }

    private static void AddAtThreshold(Report report, string name, List<double> fibrillating, List<double> others)
    {
        report.Add($"{name}_sensitivity", 100.0 * fibrillating.Count(one => IrregularIntervals.ProbabilityOf(one) >= RhythmStage.Fibrillates) / fibrillating.Count, "%");
        report.Add($"{name}_specificity", 100.0 * others.Count(one => IrregularIntervals.ProbabilityOf(one) < RhythmStage.Fibrillates) / others.Count, "%");
    }

    private static IEnumerable<double> Pulses(ReadOnlySpan<short> segment)
    {
        var samples = new float[segment.Length];
        for (var i = 0; i < samples.Length; i++)
            samples[i] = segment[i];
        return StreamRun.Of(StreamRun.Chunks([samples], Ppg, PpgRateHz), first => [new PpgStage(first.Channels, first.RateHz)])
            .SelectMany(window => window.Beats).Select(beat => beat.SampleIndex);
    }

    private static short[] Samples(string file)
    {
        using var packed = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        packed.CopyTo(bytes);
        return MemoryMarshal.Cast<byte, short>(bytes.ToArray()).ToArray();
    }
}
