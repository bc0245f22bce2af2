using Pipeline.Models.Packages;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>
/// A QRS network from a package. It is evaluated in place, one candidate at a time, from <c>weights.safetensors</c>, and not by a session that batches
/// windows: its answer decides the state (templates, rhythm, levels) in which the stream's next candidate is met, fractions of a second of signal
/// later. <c>model.onnx</c> is the same network for others. Immutable; shared by all streams.
/// </summary>
public sealed class QrsModel : INetwork
{
    /// <summary>What a package for this says in <c>task</c>.</summary>
    public const string Task = "qrs";

    /// <summary>Checks that <paramref name="package"/> is a QRS network for this program's description of candidates, and reads its weights.</summary>
    /// <exception cref="InvalidDataException">It is something else; the message names both sides.</exception>
    public QrsModel(ModelPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        Package = package;
        if (FindFault(package.Manifest) is { } fault)
            throw new InvalidDataException($"{package.Identity} {fault}.");
        var weights = new SafetensorsReader(package.Identity, package.ReadWeights());
        const int inputs = QrsNetworkInput.Count;
        var bias = weights.Row("hidden.bias");
        Network = new QrsNetwork(
            weights.Row("mean", inputs), weights.Row("scale", inputs), weights.Row("hidden.weight", bias.Length, inputs), bias,
            weights.Row("output.weight", 1, bias.Length), weights.Row("output.bias", 1)[0]);
    }

    /// <summary>Name and version, as estimates carry it.</summary>
    public string Identity => Package.Identity;

    /// <summary>The package; its card tells of data, command and figures.</summary>
    public ModelPackage Package { get; }

    /// <summary>The network itself.</summary>
    internal QrsNetwork Network { get; }

    /// <summary>Why the network cannot take a stream, naming both sides; null when it can.</summary>
    public string? FindMisfit(double rateHz) =>
        rateHz < Package.Manifest.MinRateHz || rateHz > Package.Manifest.MaxRateHz
            ? $"{Identity} takes {Package.Manifest.MinRateHz} to {Package.Manifest.MaxRateHz} Hz; the stream has {rateHz}"
            : null;

    private static string? FindFault(ModelManifest manifest)
    {
        if (manifest.Task != Task)
            return $"is for the task '{manifest.Task}'; '{Task}' is wanted";
        if (manifest.Features != QrsNetworkInput.Name)
            return $"takes the features '{manifest.Features}'; this program makes '{QrsNetworkInput.Name}'";
        return manifest.InputLength == QrsNetworkInput.Count && manifest.OutputLength == 1
            ? null
            : $"takes {manifest.InputLength} floats and gives {manifest.OutputLength}; {QrsNetworkInput.Count} and 1 are wanted";
    }
}
