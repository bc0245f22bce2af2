using Pipeline.Actors.Inference;
using Pipeline.Actors.Serving;
using Pipeline.Host.Errors;
using Pipeline.Models.Estimators;
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
    private const string HeartRateFolder = "heart-rate", QrsFolder = "qrs";
    private static readonly Lazy<QrsModel?> OwnQrs = new(OpenQrs);

    /// <summary><c>models/</c> of the repository that the program was built in; else beside the program; null when there is neither.</summary>
    public static string? OwnFolder { get; } = FindOwn();

    /// <summary>Every folder with a <c>model.json</c> directly below the own folder and <paramref name="more"/> (or being it), by path.</summary>
    /// <exception cref="CommandException">A folder of <paramref name="more"/> is not there.</exception>
    public static IReadOnlyList<FoundModel> Find(string? more = null)
    {
        if (more is not null && !Directory.Exists(more))
            throw CommandException.BadUsage($"--models {more}: there is no such folder.");
        var folders = new List<string>();
        foreach (var root in new[] { OwnFolder, more }.OfType<string>().Select(Path.GetFullPath).Distinct(StringComparer.Ordinal))
            folders.AddRange(IsPackage(root) ? [root] : Directory.EnumerateDirectories(root).Where(IsPackage).Order(StringComparer.Ordinal));
        return [.. folders.Select(Look)];
    }

    /// <summary>
    /// The model that <paramref name="name"/> means, a package's name or folder; null for <c>classical</c>, and for <c>auto</c> where the network that
    /// ships is not there or cannot be used (<c>./pipeline models</c> says why). The caller disposes it.
    /// </summary>
    /// <exception cref="CommandException">There is none, or it cannot be used here; says what there is, or why not.</exception>
    public static RateModel? Open(string name)
    {
        if (name == Stages.Auto)
            return Own(HeartRateFolder, package => new RateModel(package));
        try
        {
            return Load(name, RateModel.Task) is { } package ? new RateModel(package) : null;
        }
        catch (InvalidDataException fault)
        {
            throw CommandException.BadUsage(fault.Message);
        }
    }

    /// <summary>As <see cref="Open"/>, with its workers.</summary>
    /// <exception cref="CommandException">There is none, or it cannot be used here; says what there is, or why not.</exception>
    public static ServedModels? Serve(string name, InferenceOptions options, TimeProvider time)
    {
        if (Open(name) is not { } model)
            return null;
        try
        {
            return new ServedModels(
                model, options, time, (asked, sizes) => asked.Package.Open(sizes, device: options.Device), find: identity => FindVersion(identity, model.Package.Folder));
        }
        catch (InvalidDataException fault)
        {
            model.Dispose();
            throw CommandException.BadUsage(options.Device == OnnxDevice.Cpu ? fault.Message : $"Inference:Device is {options.Device}: {fault.Message}");
        }
    }

    /// <summary>
    /// The heart-rate model of that name and version, in <c>models/</c> or beside <paramref name="folder"/>; null when it is not there, or cannot be used. The
    /// caller disposes it.
    /// </summary>
    public static RateModel? FindVersion(string identity, string folder) => FindVersion(identity, folder, package => new RateModel(package));

    /// <summary>The QRS network that <paramref name="name"/> means (<see cref="OpenQrs(string)"/>), to be served.</summary>
    /// <exception cref="CommandException">There is none, or it cannot be used here; says what there is, or why not.</exception>
    public static ServedQrs? ServeQrs(string name) => OpenQrs(name) is { } model
        ? new ServedQrs(model, identity => FindVersion(identity, model.Package.Folder, package => new QrsModel(package)))
        : null;

    /// <summary>
    /// The QRS network that ships with the program, read once; null when it is not there or cannot be used: the rule then decides, and
    /// <c>./pipeline models</c> says why.
    /// </summary>
    public static QrsModel? Qrs => OwnQrs.Value;

    /// <summary>
    /// The QRS network that <paramref name="name"/> means, a package's name or folder; null for <c>classical</c>, the rule; <c>auto</c> is <see cref="Qrs"/>.
    /// </summary>
    /// <exception cref="CommandException">There is none, or it cannot be used here; says what there is, or why not.</exception>
    public static QrsModel? OpenQrs(string name)
    {
        if (name == Stages.Auto)
            return Qrs;
        try
        {
            return Load(name, QrsModel.Task) is { } package ? new QrsModel(package) : null;
        }
        catch (InvalidDataException fault)
        {
            throw CommandException.BadUsage(fault.Message);
        }
    }

    /// <summary>Whether <paramref name="name"/> means a package of a QRS network, whole or not fitting.</summary>
    public static bool IsQrs(string name)
    {
        try
        {
            return Load(name)?.Manifest.Task == QrsModel.Task;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static T? FindVersion<T>(string identity, string folder, Func<ModelPackage, T> open)
        where T : class
    {
        var roots = new[] { OwnFolder, Path.GetDirectoryName(Path.GetFullPath(folder)) }.OfType<string>().Distinct(StringComparer.Ordinal);
        foreach (var found in roots.SelectMany(Directory.EnumerateDirectories).Where(IsPackage))
            try
            {
                if (ModelPackage.Load(found) is { } package && package.Identity == identity)
                    return open(package);
            }
            catch (Exception fault) when (fault is InvalidDataException or IOException or UnauthorizedAccessException)
            {
                // ./pipeline models says what is wrong with it.
            }
        return null;
    }

    private static QrsModel? OpenQrs() => Own(QrsFolder, package => new QrsModel(package));

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
        Stages.Auto => Own(HeartRateFolder, package => package),
        _ => IsPackage(name) ? ModelPackage.Load(name) : ByName(name, task),
    };

    private static ModelPackage ByName(string name, string? task)
    {
        var all = Find();
        if (all.FirstOrDefault(model => model.Package?.Manifest.Name == name)?.Package is { } package)
            return package;
        if (all.FirstOrDefault(model => Path.GetFileName(model.Folder) == name)?.Fault is { } fault)
            throw CommandException.BadUsage(fault);
        var names = all.Select(model => model.Package?.Manifest).OfType<ModelManifest>().Where(model => task is null || model.Task == task).Select(model => model.Name).Prepend(Stages.Auto).Prepend(Stages.Classical);
        throw CommandException.BadUsage($"There is no model '{name}'; there is: {string.Join(", ", names)}, or a folder with a {ModelPackage.ManifestFile}.");
    }

    private static FoundModel Look(string folder)
    {
        try
        {
            var package = ModelPackage.Load(folder);
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
