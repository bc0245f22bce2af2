using Pipeline.Actors;
using Pipeline.Actors.Inference;
using Pipeline.Actors.Serving;
using Pipeline.Host.Errors;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Features;
using Pipeline.Models.Packages;

namespace Pipeline.Host.Networks;

/// <summary>A folder that may be a model package: the package, or what is wrong with it.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="Package">The package; null when it is broken.</param>
/// <param name="Fault">What is wrong, in one line; null when nothing is.</param>
internal sealed record FoundModel(string Folder, ModelPackage? Package, string? Fault);

/// <summary>The model packages that a user can name: folders below <c>models/</c> and below those that <c>--models</c> names.</summary>
internal static class ModelCatalog
{
    private static readonly Lazy<QrsModel?> OwnQrs = new(() => (QrsModel?)Own(NetworkKind.Qrs.Folder, NetworkKind.Qrs.Load));

    /// <summary><c>models/</c> of the repository that the program was built in; else beside the program; null when there is neither.</summary>
    public static string? OwnFolder { get; } = FindOwn();

    /// <summary>Every folder with a <c>model.json</c> directly below the own folder and <paramref name="more"/> (or being it), by path.</summary>
    /// <exception cref="CommandException">A folder of <paramref name="more"/> is not there.</exception>
    public static IReadOnlyList<FoundModel> Find(string? more = null) => [.. Folders(more).Select(folder => Look(folder, opens: true))];

    /// <summary>
    /// The model that <paramref name="name"/> means, a package's name or folder; null for <c>classical</c>, and for <c>auto</c> where the network that
    /// ships is not there or cannot be used (<c>./pipeline models</c> says why). The caller disposes it.
    /// </summary>
    /// <exception cref="CommandException">There is none, or it cannot be used here; says what there is, or why not.</exception>
    public static RateModel? Open(string name) => (RateModel?)Open(NetworkKind.HeartRate, name);

    /// <summary>Registers the networks that <paramref name="topology"/> names; nothing where it names an estimator without one.</summary>
    /// <exception cref="CommandException">One is not there, or it cannot be used here; says what there is, or why not.</exception>
    public static void Register(NetworkRegistry registry, TopologyOptions topology, InferenceOptions options)
    {
        foreach (var kind in NetworkKind.All)
            if (Open(kind, kind.Setting(topology)) is { } network)
                Register(registry, kind, network, options);
    }

    /// <summary>The network that is for the task of <paramref name="kind"/>, in <c>models/</c> or beside <paramref name="folder"/>; null when it is not there, or cannot be used.</summary>
    public static INetwork? FindVersion(NetworkKind kind, string identity, string folder)
    {
        var roots = new[] { OwnFolder, Path.GetDirectoryName(Path.GetFullPath(folder)) }.OfType<string>().Distinct(StringComparer.Ordinal);
        foreach (var found in roots.SelectMany(Directory.EnumerateDirectories).Where(IsPackage))
            try
            {
                if (ModelPackage.Load(found) is { } package && package.Identity == identity)
                    return kind.Load(package);
            }
            catch (Exception fault) when (fault is InvalidDataException or IOException or UnauthorizedAccessException)
            {
                // ./pipeline models says what is wrong with it.
            }
        return null;
    }

    /// <summary>
    /// The QRS network that ships with the program, read once; null when it is not there or cannot be used: the rule then decides, and
    /// <c>./pipeline models</c> says why.
    /// </summary>
    public static QrsModel? Qrs => OwnQrs.Value;

    /// <summary>
    /// The QRS network that <paramref name="name"/> means, a package's name or folder; null for <c>classical</c>, the rule; <c>auto</c> is <see cref="Qrs"/>.
    /// </summary>
    /// <exception cref="CommandException">There is none, or it cannot be used here; says what there is, or why not.</exception>
    public static QrsModel? OpenQrs(string name) => name == Stages.Auto ? Qrs : (QrsModel?)Open(NetworkKind.Qrs, name);

    /// <summary>
    /// The fetal network that <paramref name="name"/> means, a package's name or folder; null for <c>classical</c>, and for <c>auto</c> where none ships that can be used. The caller disposes it.
    /// </summary>
    /// <exception cref="CommandException">There is none, or it cannot be used here; says what there is, or why not.</exception>
    public static FetalModel? OpenFetal(string name) => (FetalModel?)Open(NetworkKind.Fetal, name);

    /// <summary>
    /// The autoencoder that <paramref name="name"/> means, a package's name or folder; null for <c>classical</c>, and for <c>auto</c> where none ships that can be used. The caller disposes it.
    /// </summary>
    /// <exception cref="CommandException">There is none, or it cannot be used here; says what there is, or why not.</exception>
    public static EcgAutoencoder? OpenAutoencoder(string name, bool keepsWaves) =>
        (EcgAutoencoder?)Open(NetworkKind.Autoencoder with { Load = package => new EcgAutoencoder(package) { KeepsWaves = keepsWaves } }, name);

    /// <summary>Whether <paramref name="name"/> means a package for <paramref name="task"/>, whole or not fitting.</summary>
    public static bool Is(string name, string task)
    {
        try
        {
            return Load(name)?.Manifest.Task == task;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static INetwork? Open(NetworkKind kind, string name)
    {
        if (name == Stages.Auto)
            return Own(kind.Folder, kind.Load);
        try
        {
            return Load(name, kind.Task) is { } package ? kind.Load(package) : null;
        }
        catch (InvalidDataException fault)
        {
            throw CommandException.BadUsage(fault.Message);
        }
    }

    private static void Register(NetworkRegistry registry, NetworkKind kind, INetwork network, InferenceOptions options)
    {
        try
        {
            registry.Add(
                network, kind.IsBatched ? (asked, sizes) => asked.Package.Open(sizes, device: options.Device) : null,
                identity => FindVersion(kind, identity, network.Package.Folder));
        }
        catch (InvalidDataException fault)
        {
            (network as IDisposable)?.Dispose();
            throw CommandException.BadUsage(options.Device == OnnxDevice.Cpu ? fault.Message : $"Inference:Device is {options.Device}: {fault.Message}");
        }
    }

    private static T? Own<T>(string folder, Func<ModelPackage, T> open)
        where T : class
    {
        try
        {
            return OwnFolder is { } own && IsPackage(Path.Combine(own, folder)) ? open(ModelPackage.Load(Path.Combine(own, folder))) : null;
        }
        catch (Exception fault) when (fault is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The package that <paramref name="name"/> means; null for <c>classical</c>, and for <c>auto</c> where the network that ships cannot be read.</summary>
    /// <exception cref="CommandException">There is none; says what there is for <paramref name="task"/>, or without one at all.</exception>
    /// <exception cref="InvalidDataException">It is broken.</exception>
    public static ModelPackage? Load(string name, string? task = null) => name switch
    {
        Stages.Classical => null,
        Stages.Auto => Own(NetworkKind.HeartRate.Folder, package => package),
        _ => IsPackage(name) ? ModelPackage.Load(name) : ByName(name, task),
    };

    private static ModelPackage ByName(string name, string? task)
    {
        FoundModel[] all = [.. Folders(null).Select(folder => Look(folder, opens: false))];
        if (all.FirstOrDefault(model => model.Package?.Manifest.Name == name)?.Package is { } package)
            return package;
        if (all.FirstOrDefault(model => Path.GetFileName(model.Folder) == name)?.Fault is { } fault)
            throw CommandException.BadUsage(fault);
        var names = all.Select(model => model.Package?.Manifest).OfType<ModelManifest>().Where(model => task is null || model.Task == task).Select(model => model.Name).Prepend(Stages.Auto).Prepend(Stages.Classical);
        throw CommandException.BadUsage($"There is no model '{name}'; there is: {string.Join(", ", names)}, or a folder with a {ModelPackage.ManifestFile}.");
    }

    private static List<string> Folders(string? more)
    {
        if (more is not null && !Directory.Exists(more))
            throw CommandException.BadUsage($"--models {more}: there is no such folder.");
        var folders = new List<string>();
        foreach (var root in new[] { OwnFolder, more }.OfType<string>().Select(Path.GetFullPath).Distinct(StringComparer.Ordinal))
            folders.AddRange(IsPackage(root) ? [root] : Directory.EnumerateDirectories(root).Where(IsPackage).Order(StringComparer.Ordinal));
        return folders;
    }

    /// <param name="folder">A folder with a manifest.</param>
    /// <param name="opens">Whether a session is opened, too, to see that it can be; that takes up to a quarter of a second.</param>
    private static FoundModel Look(string folder, bool opens)
    {
        try
        {
            var package = ModelPackage.Load(folder);
            if (opens)
                package.Open([1]).Dispose();
            return new FoundModel(folder, package, null);
        }
        catch (Exception fault) when (fault is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return new FoundModel(folder, null, fault.Message.ReplaceLineEndings(" "));
        }
    }

    private static bool IsPackage(string folder) => File.Exists(Path.Combine(folder, ModelPackage.ManifestFile));

    private static string? FindOwn()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Pipeline.sln")))
                return Existing(Path.Combine(folder.FullName, "models"));
        return Existing(Path.Combine(AppContext.BaseDirectory, "models"));

        static string? Existing(string folder) => Directory.Exists(folder) ? folder : null;
    }
}
