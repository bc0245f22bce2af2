using System.Collections.Concurrent;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;

namespace Pipeline.Models.Packages;

/// <summary>
/// A heart-rate network, ready to be asked by any number of streams at the same time: as many sessions as there are threads in it at once are
/// opened and kept. Thread-safe. Holds nothing of any stream.
/// </summary>
public sealed class RateModel : INetwork, IDisposable
{
    /// <summary>What a package for this says in <c>task</c>.</summary>
    public const string Task = "heart_rate";

    private static readonly int[] OneRow = [1];

    private readonly ModelPackage _package;
    private readonly ConcurrentQueue<IModelSession> _idle = new();

    /// <summary>Checks that <paramref name="package"/> is a heart-rate network for this program's features, and opens a session.</summary>
    /// <exception cref="InvalidDataException">It is something else; the message names both sides.</exception>
    public RateModel(ModelPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        (_package, Identity) = (package, package.Identity);
        if (FindFault(package.Manifest) is { } fault)
            throw new InvalidDataException($"{package.Identity} {fault}.");
        _idle.Enqueue(package.Open(OneRow));
    }

    /// <summary>Name and version, as estimates carry it.</summary>
    public string Identity { get; }

    /// <summary>The package, for opening sessions.</summary>
    public ModelPackage Package => _package;

    /// <summary>Floats of a row of input.</summary>
    public int InputLength => _package.Manifest.InputLength;

    /// <summary>Floats of a row of output.</summary>
    public int OutputLength => _package.Manifest.OutputLength;

    /// <summary>Floats of a stream's state; all zero at its start.</summary>
    public int StateLength => _package.Manifest.StateLength;

    /// <summary>Why the network cannot take a stream, naming both sides; null when it can.</summary>
    public string? FindMisfit(double rateHz, WindowShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return _package.FindMisfit(rateHz, shape.Length.TotalSeconds, shape.Hop.TotalSeconds);
    }

    /// <summary>
    /// One window of one stream: input [14 x 85] (<see cref="RateFeatures.Input"/>), the stream's state, which is replaced by the next, and
    /// output [85 + 1]: probability of each rate, then the chance that the estimate is within 5 per minute.
    /// </summary>
    public void Forward(ReadOnlySpan<float> input, Span<float> state, Span<float> output)
    {
        if (!_idle.TryDequeue(out var session))
            session = _package.Open(OneRow);
        session.Forward(1, input, state, output, state);
        _idle.Enqueue(session);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_idle.TryDequeue(out var session))
            session.Dispose();
    }

    private static string? FindFault(ModelManifest manifest)
    {
        if (manifest.Task != Task)
            return $"is for the task '{manifest.Task}'; '{Task}' is wanted";
        if (manifest.Features != RateFeatures.Name)
            return $"takes the features '{manifest.Features}'; this program makes '{RateFeatures.Name}'";
        const int input = RateFeatures.InputRowCount * RateFeatures.RateCount, output = RateFeatures.RateCount + 1;
        return manifest.InputLength == input && manifest.OutputLength == output
            ? null
            : $"takes {manifest.InputLength} floats and gives {manifest.OutputLength}; {input} and {output} are wanted";
    }
}
