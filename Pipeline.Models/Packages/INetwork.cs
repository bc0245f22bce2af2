namespace Pipeline.Models.Packages;

/// <summary>A network of a package, ready for any number of streams: thread-safe, holds nothing of any stream. It is disposed where it is
/// disposable.</summary>
public interface INetwork
{
    /// <summary>The package; its manifest says what the network is for, its card tells of data, command and figures.</summary>
    ModelPackage Package { get; }

    /// <summary>Name and version, as estimates carry it.</summary>
    string Identity { get; }
}
