using System.Runtime.Versioning;
using Pipeline.Host.Access;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Web;

/// <summary>Files that are read again when they change.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class PrivateFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>As Kubernetes lays a secret: users.json → ..data/users.json, ..data → a folder of the version; only the latter link is turned.</summary>
    [Fact]
    public void A_secret_of_Kubernetes_is_read_again_when_its_folders_link_is_turned()
    {
        Lay("first", "one");
        Lay("second", "two");       // as long as the first
        File.SetLastWriteTimeUtc(In("second", "users.json"), File.GetLastWriteTimeUtc(In("first", "users.json")).AddSeconds(1));
        Turn("first");
        File.CreateSymbolicLink(In("users.json"), Path.Combine("..data", "users.json"));
        var file = new PrivateFile<string>(In("users.json"), text => text);

        Assert.Null(file.FindFault());
        Assert.Equal("one", file.Content);
        Turn("second");
        Assert.Equal("two", file.Content);
        File.Delete(In("..data"));
        Assert.Equal("two", file.Content);      // while it is away, what it said last
    }

    private string In(params string[] parts) => Path.Combine([_folder.Path, .. parts]);

    private void Lay(string version, string text)
    {
        Directory.CreateDirectory(In(version));
        File.WriteAllText(In(version, "users.json"), text);
        File.SetUnixFileMode(In(version, "users.json"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
    }

    private void Turn(string version)
    {
        File.Delete(In("..data"));
        File.CreateSymbolicLink(In("..data"), version);
    }
}
