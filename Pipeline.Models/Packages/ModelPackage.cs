using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.Models.Packages;

/// <summary>What <c>model.json</c> says of a network: what it takes, what it gives, where it comes from.</summary>
public sealed record ModelManifest
{
    /// <summary>Form of the file; this code reads 1.</summary>
    public required int Format { get; init; }

    /// <summary>Name, for <c>--model</c>; letters, digits, <c>-</c> and <c>_</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Version of the weights; stored with every estimate.</summary>
    public required string Version { get; init; }

    /// <summary>What it estimates: <c>heart_rate</c>, <c>qrs</c>, <c>fetal</c>, <c>ecg_autoencoder</c>.</summary>
    public required string Task { get; init; }

    /// <summary>Name of the features that it takes; the code that makes them has the same name.</summary>
    public required string Features { get; init; }

    /// <summary>Signal kinds that it needs or can use, by their outside names.</summary>
    public required IReadOnlyList<string> Kinds { get; init; }

    /// <summary>Least sampling rate in Hz.</summary>
    public required double MinRateHz { get; init; }

    /// <summary>Greatest sampling rate in Hz.</summary>
    public required double MaxRateHz { get; init; }

    /// <summary>Length of the window in seconds.</summary>
    public required double WindowSeconds { get; init; }

    /// <summary>Hop in seconds; a recurrent network knows no other.</summary>
    public required double HopSeconds { get; init; }

    /// <summary>Floats of a row of input.</summary>
    public required int InputLength { get; init; }

    /// <summary>Floats of a row of state; 0 without memory.</summary>
    public required int StateLength { get; init; }

    /// <summary>Floats of a row of output.</summary>
    public required int OutputLength { get; init; }

    /// <summary>Trained numbers.</summary>
    public required int Parameters { get; init; }

    /// <summary>Millions of floating-point operations a window.</summary>
    public required double Mflop { get; init; }

    /// <summary>SHA-256 of each file of the package, in hexadecimal.</summary>
    public required IReadOnlyDictionary<string, string> Sha256 { get; init; }

    /// <summary>Model card: data, terms of the data, splits, seed, figures, command. Text for people.</summary>
    public required IReadOnlyDictionary<string, string> Card { get; init; }
}

/// <summary>
/// A network as a folder: <c>model.json</c>, <c>model.onnx</c>, <c>weights.safetensors</c>. Loading checks the hashes and that the network is
/// what the manifest says; what does not fit is refused with both sides named.
/// </summary>
public sealed class ModelPackage
{
    /// <summary>The form that this code reads and writes.</summary>
    public const int Format = 1;

    /// <summary>Name of the manifest's file.</summary>
    public const string ManifestFile = "model.json";

    /// <summary>Name of the network's file.</summary>
    public const string NetworkFile = "model.onnx";

    /// <summary>Name of the weights' file, for training on.</summary>
    public const string WeightsFile = "weights.safetensors";

    private const int MaxNameLength = 64;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly byte[] _network;

    private ModelPackage(string folder, ModelManifest manifest, byte[] network)
    {
        Folder = folder;
        Manifest = manifest;
        _network = network;
    }

    /// <summary>The folder that it was read from.</summary>
    public string Folder { get; }

    /// <summary>What it says of itself.</summary>
    public ModelManifest Manifest { get; }

    /// <summary>The bytes of <c>model.onnx</c>.</summary>
    public ReadOnlyMemory<byte> Network => _network;

    /// <summary>Name and version, as estimates carry it: <c>heart-rate@1</c>.</summary>
    public string Identity => $"{Manifest.Name}@{Manifest.Version}";

    /// <summary>Reads a package.</summary>
    /// <exception cref="InvalidDataException">A file is missing, cut, of another form, or not the one that the manifest names.</exception>
    public static ModelPackage Load(string folder)
    {
        var manifest = Parse(folder, Read(folder, ManifestFile));
        Checked(folder, WeightsFile, manifest);
        return new ModelPackage(folder, manifest, Checked(folder, NetworkFile, manifest));
    }

    /// <summary>The bytes of <c>weights.safetensors</c>, read again.</summary>
    /// <exception cref="InvalidDataException">The file is gone or another one by now.</exception>
    public byte[] ReadWeights()
    {
        var bytes = Read(Folder, WeightsFile);
        return string.Equals(Hash(bytes), Manifest.Sha256[WeightsFile], StringComparison.OrdinalIgnoreCase)
            ? bytes
            : throw new InvalidDataException($"{Folder}: {WeightsFile} changed after the package was read.");
    }

    /// <summary>Writes a package; hashes and form are filled in.</summary>
    public static void Save(string folder, ModelManifest manifest, byte[] network, byte[] weights)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        Directory.CreateDirectory(folder);
        var complete = manifest with
        {
            Format = Format,
            Sha256 = new SortedDictionary<string, string> { [NetworkFile] = Hash(network), [WeightsFile] = Hash(weights) },
        };
        File.WriteAllBytes(Path.Combine(folder, NetworkFile), network);
        File.WriteAllBytes(Path.Combine(folder, WeightsFile), weights);
        File.WriteAllText(Path.Combine(folder, ManifestFile), JsonSerializer.Serialize(complete, Json) + "\n");
    }

    /// <summary>Opens a session of the network on ONNX Runtime, on <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</summary>
    /// <exception cref="InvalidDataException">The network has other row lengths than the manifest says, or the device cannot be used here.</exception>
    public IModelSession Open(IReadOnlyList<int> batchSizes, int threads = 1, string device = OnnxDevice.Cpu) =>
        Open(batchSizes, (network, sizes) => new OnnxSession(network, sizes, threads, device));

    /// <summary>Opens a session by <paramref name="open"/>, which takes the bytes of <c>model.onnx</c> and the batch sizes.</summary>
    /// <exception cref="InvalidDataException">The network has other row lengths than the manifest says.</exception>
    public IModelSession Open(IReadOnlyList<int> batchSizes, Func<byte[], IReadOnlyList<int>, IModelSession> open)
    {
        ArgumentNullException.ThrowIfNull(open);
        var session = open(_network, batchSizes);
        if (session.InputLength == Manifest.InputLength && session.StateLength == Manifest.StateLength && session.OutputLength == Manifest.OutputLength)
            return session;
        var found = $"input {session.InputLength}, state {session.StateLength}, output {session.OutputLength}";
        session.Dispose();
        throw new InvalidDataException(
            $"{Identity}: the network has {found}; {ManifestFile} says input {Manifest.InputLength}, state {Manifest.StateLength}, output {Manifest.OutputLength}.");
    }

    /// <summary>Why the network cannot take a stream, naming both sides; null when it can.</summary>
    public string? FindMisfit(double rateHz, double windowSeconds, double hopSeconds)
    {
        if (rateHz < Manifest.MinRateHz || rateHz > Manifest.MaxRateHz)
            return $"{Identity} takes {Manifest.MinRateHz} to {Manifest.MaxRateHz} Hz; the stream has {rateHz}";
        return windowSeconds == Manifest.WindowSeconds && hopSeconds == Manifest.HopSeconds
            ? null
            : $"{Identity} takes windows of {Manifest.WindowSeconds} s every {Manifest.HopSeconds} s; they are {windowSeconds} s every {hopSeconds} s";
    }

    private static ModelManifest Parse(string folder, byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new InvalidDataException($"{folder}: {ManifestFile} is no object.");
            if (!document.RootElement.TryGetProperty("format", out var format) || format.ValueKind != JsonValueKind.Number
                || !format.TryGetInt32(out var number) || number != Format)
                throw new InvalidDataException($"{folder}: {ManifestFile} has format {(format.ValueKind == JsonValueKind.Undefined ? "none" : format.GetRawText())}; this program reads {Format}.");
            var manifest = document.Deserialize<ModelManifest>(Json) ?? throw new InvalidDataException($"{folder}: {ManifestFile} is empty.");
            return FindFault(manifest) is { } fault ? throw new InvalidDataException($"{folder}: {ManifestFile} {fault}.") : manifest;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{folder}: {ManifestFile} cannot be read: {e.Message}", e);
        }
    }

    // Both are stored with every estimate, name a folder, and are shown on terminals.
    private static string? FindFault(ModelManifest manifest) =>
        !IsName(manifest.Name, "-_") ? "has a name that is refused; letters, digits, - and _ are possible, at most 64"
        : !IsName(manifest.Version, "-_.+") ? "has a version that is refused; letters, digits and -_.+ are possible, at most 64"
        : manifest.Card.Any(line => line.Value is null || line.Key.Concat(line.Value).Any(IsHidden)) ? "has a control character, or nothing, in its card"
        : null;

    private static bool IsName(string text, string more) =>
        text.Length is > 0 and <= MaxNameLength && text.All(c => char.IsAsciiLetterOrDigit(c) || more.Contains(c, StringComparison.Ordinal)) && text.Any(char.IsAsciiLetterOrDigit);

    private static bool IsHidden(char c) => char.IsControl(c) && c is not ('\n' or '\t');

    /// <summary>The bytes of a file, read once: those whose hash was compared.</summary>
    private static byte[] Checked(string folder, string file, ModelManifest manifest)
    {
        if (!manifest.Sha256.TryGetValue(file, out var wanted))
            throw new InvalidDataException($"{folder}: {ManifestFile} has no hash of {file}.");
        var bytes = Read(folder, file);
        var found = Hash(bytes);
        return string.Equals(found, wanted, StringComparison.OrdinalIgnoreCase)
            ? bytes
            : throw new InvalidDataException($"{folder}: {file} has SHA-256 {found}; {ManifestFile} says {wanted}.");
    }

    private static byte[] Read(string folder, string file)
    {
        var path = Path.Combine(folder, file);
        return File.Exists(path) ? File.ReadAllBytes(path) : throw new InvalidDataException($"{folder} is no model package: it has no {file}.");
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
