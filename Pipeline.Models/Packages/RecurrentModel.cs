using System.Collections.Concurrent;
using Pipeline.Models.Signals;

namespace Pipeline.Models.Packages;

/// <summary>
/// A network that is asked about one window after the other of a stream, whose state the patient's actor holds; ready to be asked by any
/// number of streams at the same time: as many sessions as there are threads in it at once are opened and kept. Thread-safe. Holds nothing
/// of any stream.
/// </summary>
public abstract class RecurrentModel : INetwork, IDisposable
{
    private static readonly int[] OneRow = [1];

    private readonly ConcurrentQueue<IModelSession> _idle = new();

    /// <summary>Checks that <paramref name="package"/> is for that task and these features, and opens a session.</summary>
    /// <exception cref="InvalidDataException">It is something else; the message names both sides.</exception>
    private protected RecurrentModel(ModelPackage package, string task, string features, int input, int output)
    {
        ArgumentNullException.ThrowIfNull(package);
        (Package, Identity) = (package, package.Identity);
        if (FindFault(package.Manifest, task, features, input, output) is { } fault)
            throw new InvalidDataException($"{package.Identity} {fault}.");
        _idle.Enqueue(package.Open(OneRow));
    }

    /// <summary>Name and version, as estimates carry it.</summary>
    public string Identity { get; }

    /// <summary>The package, for opening sessions.</summary>
    public ModelPackage Package { get; }

    /// <summary>Name of the block of a snapshot that holds a stream's state.</summary>
    public abstract string StateBlock { get; }

    /// <summary>Floats of a row of input.</summary>
    public int InputLength => Package.Manifest.InputLength;

    /// <summary>Floats of a row of output.</summary>
    public int OutputLength => Package.Manifest.OutputLength;

    /// <summary>Floats of a stream's state; all zero at its start.</summary>
    public int StateLength => Package.Manifest.StateLength;

    /// <summary>Why the network cannot take a stream, naming both sides; null when it can.</summary>
    public string? FindMisfit(double rateHz, WindowShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return Package.FindMisfit(rateHz, shape.Length.TotalSeconds, shape.Hop.TotalSeconds);
    }

    /// <summary>
    /// One window of one stream: a row of input, the stream's state, which is replaced by the next, and a row of output.
    /// </summary>
    public void Forward(ReadOnlySpan<float> input, Span<float> state, Span<float> output)
    {
        if (!_idle.TryDequeue(out var session))
            session = Package.Open(OneRow);
        session.Forward(1, input, state, output, state);
        _idle.Enqueue(session);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_idle.TryDequeue(out var session))
            session.Dispose();
        GC.SuppressFinalize(this);
    }

    private static string? FindFault(ModelManifest manifest, string task, string features, int input, int output)
    {
        if (manifest.Task != task)
            return $"is for the task '{manifest.Task}'; '{task}' is wanted";
        if (manifest.Features != features)
            return $"takes the features '{manifest.Features}'; this program makes '{features}'";
        return manifest.InputLength == input && manifest.OutputLength == output
            ? null
            : $"takes {manifest.InputLength} floats and gives {manifest.OutputLength}; {input} and {output} are wanted";
    }
}
