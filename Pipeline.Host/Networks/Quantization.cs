using System.Diagnostics;
using System.Globalization;
using Pipeline.Host.Errors;
using Pipeline.Host.Recordings;
using Pipeline.Host.References;
using Pipeline.Models;
using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;
using Pipeline.Training.Explanation;
using Pipeline.Training.Export;

namespace Pipeline.Host.Networks;

/// <summary>
/// <c>quantize</c>: a heart-rate network with weights of 8 bits. Of the recordings, in the order of their names, every other one calibrates the ranges, and the rest is what both networks are scored on.
/// </summary>
/// <param name="package">The network as it was trained.</param>
/// <param name="recordings">With references.</param>
/// <param name="reading">What their files do not say of themselves.</param>
internal sealed class Quantization(ModelPackage package, IReadOnlyList<ReferencedRecording> recordings, RecordingOptions reading)
{
    /// <summary>What the version of a quantised package ends in.</summary>
    public const string Ending = "-int8";

    private const int Every = 8;                                // windows of a calibrating recording that are taken
    private const int Passes = 400, Sessions = 16, BatchRows = 32;

    private readonly IReadOnlyList<ReferencedRecording> _calibrating = [.. recordings.Where((_, index) => index % 2 == 0)], _scored = [.. recordings.Where((_, index) => index % 2 == 1)];

    /// <summary>What is being done, and which part of it, 0 to 1.</summary>
    public (string Text, double Part) Doing { get; private set; } = ("", 0);

    /// <summary>Writes the package, and the table of both networks.</summary>
    /// <exception cref="CommandException">There are not two recordings, or the network is none that can be quantised.</exception>
    public void Run(string folder, string command, TextWriter output, CancellationToken stop)
    {
        if (_scored.Count == 0)
            throw CommandException.BadUsage("quantize needs two recordings or more: one calibrates, one is scored.");
        if (package.Manifest.Version.EndsWith(Ending, StringComparison.Ordinal) || !RateExplainer.Takes(package))
            throw CommandException.BadUsage($"{package.Identity} cannot be quantised: a heart-rate network of '{RateFeatures.Name}' in float32 is wanted.");
        using var before = new RateModel(package);
        var rows = new List<(float[] Input, float[] State)>();
        foreach (var (recording, index) in _calibrating.Select((recording, index) => (recording, index)))
        {
            Doing = ("Calibrating", index / (double)_calibrating.Count);
            rows.AddRange(Windows(recording, before, stop).Where(seen => seen.Window.Id % Every == 0).Select(seen => (seen.Input, seen.State)));
        }
        if (rows.Count == 0)
            throw CommandException.BadUsage("quantize: the network was not asked about any window of the calibrating recordings.");
        var network = OnnxQuantizer.Quantize(package.Network.Span, rows);
        ModelPackage.Save(folder, package.Manifest with
        {
            Version = package.Manifest.Version + Ending,
            Card = new SortedDictionary<string, string>(package.Manifest.Card.ToDictionary(), StringComparer.Ordinal)
            {
                ["quantised"] = $"{command}; from {package.Identity}, calibrated on {string.Join(' ', _calibrating.Select(one => one.Name))}; weights.safetensors are those of float32",
            },
        }, network, package.ReadWeights());
        using var after = new RateModel(ModelPackage.Load(folder));
        Write([Measure(before, stop), Measure(after, stop)], output);
    }

    private static IEnumerable<SeenWindow> Windows(ReferencedRecording recording, RateModel model, RecordingOptions reading)
    {
        using var opened = Recording.Open(recording.Path, reading);
        var device = opened.Devices.MaxBy(one => one.Channels.IndicesOf(SignalKind.Ppg).Length);
        if (device.Channels.IndicesOf(SignalKind.Ppg).Length == 0)
            throw new RecordingException($"{Path.GetFileName(recording.Path)}: it has a reference but no PPG");
        foreach (var seen in SeenWindow.Of(opened.Chunks(new(new PatientId("recording"), "", "", 0, default)).Where(chunk => chunk.Device == device.Device), model))
            yield return seen;
    }

    private IEnumerable<SeenWindow> Windows(ReferencedRecording recording, RateModel model, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        return Windows(recording, model, reading);
    }

    private Measured Measure(RateModel model, CancellationToken stop)
    {
        var errors = new List<(string Set, double Served, double Alone)>();
        foreach (var (recording, index) in _scored.Select((recording, index) => (recording, index)))
        {
            Doing = ($"Scoring {model.Identity}", index / (double)_scored.Count);
            var reference = ReferenceRates.Read(recording.Reference);
            var windows = Windows(recording, model, stop)
                .Select(seen => (Truth: reference.At(seen.Window.Start.UnixNanoseconds / 1e9), Served: seen.Estimate, Alone: RateReadout.Read(seen.Output.AsSpan(0, RateFeatures.RateCount)).Rate))
                .Where(one => double.IsFinite(one.Truth)).ToList();
            if (windows.Exists(one => one.Served.Status == EstimateStatus.Ok))
                errors.Add((recording.Set, windows.Where(one => one.Served.Status == EstimateStatus.Ok).Average(one => Math.Abs(one.Served.Value - one.Truth)), windows.Average(one => Math.Abs(one.Alone - one.Truth))));
        }
        Doing = ($"Timing {model.Identity}", 0);
        return new Measured(model.Identity, model.Package.Network.Length, errors, Microseconds(model, 1), Microseconds(model, BatchRows), Kilobytes(model));
    }

    /// <summary>Of a row, one thread: the quickest of so many passes, as other work on the machine makes passes slower, never quicker.</summary>
    private static double Microseconds(RateModel model, int rows)
    {
        using var session = model.Package.Open([rows]);
        var quickest = double.MaxValue;
        for (var pass = 0; pass < Passes; pass++)
        {
            var begun = Stopwatch.GetTimestamp();
            session.Run(rows);
            quickest = Math.Min(quickest, Stopwatch.GetElapsedTime(begun).TotalMicroseconds / rows);
        }
        return quickest;
    }

    /// <summary>By how much the process grows with a session of one row.</summary>
    private static double Kilobytes(RateModel model)
    {
        var sessions = new List<IModelSession> { model.Package.Open([1]) };     // the first loads what all share
        var before = Resident();
        sessions.AddRange(Enumerable.Range(0, Sessions).Select(_ => model.Package.Open([1])));
        var grown = (Resident() - before) / 1024.0 / Sessions;
        sessions.ForEach(session => session.Dispose());
        return grown;
    }

    private static long Resident()
    {
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }

    private static void Write(IReadOnlyList<Measured> both, TextWriter output)
    {
        output.WriteLine("set,recordings,model,mae_bpm,network_mae_bpm");
        foreach (var set in both[0].Errors.Select(one => one.Set).Distinct())
            foreach (var model in both)
            {
                var own = model.Errors.Where(one => one.Set == set).ToList();
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{set},{own.Count},{model.Identity},{own.Average(one => one.Served):F3},{own.Average(one => one.Alone):F3}"));
            }
        output.WriteLine("model,model_onnx_bytes,smaller,us_a_window,us_a_window_of_32,kb_a_session");
        foreach (var model in both)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{model.Identity},{model.Bytes},{both[0].Bytes / (double)model.Bytes:F2},{model.Single:F1},{model.Batched:F1},{model.Kilobytes:F0}"));
    }

    private sealed record Measured(string Identity, int Bytes, IReadOnlyList<(string Set, double Served, double Alone)> Errors, double Single, double Batched, double Kilobytes);
}
