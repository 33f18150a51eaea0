using System.Collections.Concurrent;
using AaClip.Scoring.Anchors;
using AaClip.Scoring.Tensors;
using AaClip.Scoring.Tests.Text;
using AaClip.Tests;

namespace AaClip.Scoring.Tests.Anchors;

public sealed class AnchorStoreTests : IDisposable
{
    private const int Width = 3;
    private static readonly float[] Anchors = [1, 2, 3, 4, 5, 6];

    private readonly ScratchFolder _folder = new();
    private readonly ConcurrentQueue<string> _computed = new();
    private readonly ConcurrentQueue<string> _warnings = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_name_is_computed_once_and_then_read_from_disk_by_the_next_process()
    {
        AnchorStore first = Store();
        float[] computed = first.Get("dark bottle");
        float[] again = first.Get("dark bottle");

        float[] read = Store().Get("dark bottle"); // another store is what another process sees

        Assert.Equal(Anchors, computed);
        Assert.Same(computed, again);
        Assert.Equal(Anchors, read);
        Assert.Equal(["dark bottle"], _computed);
    }

    [Fact]
    public void A_cached_file_is_named_by_key_and_hash_and_carries_the_name()
    {
        Store().Get("dark bottle");

        string path = Assert.Single(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories));
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal(Path.Combine(_folder.Path, "key1", "ea5ab3e2c7e66b5a5cc78daf1778557c.safetensors"), path);
        Assert.Equal("dark bottle", file.Metadata["class"]);
        Assert.Equal("3", file.Metadata["width"]);
    }

    [Fact]
    public void Another_key_does_not_see_the_anchors()
    {
        Store("key1").Get("nut");

        Store("key2").Get("nut");

        Assert.Equal(2, _computed.Count);
    }

    [Fact]
    public void The_package_comes_first_and_nothing_is_computed_or_written()
    {
        string package = _folder.File("anchors.safetensors");
        SafetensorsFile.Write(package, [new("dark bottle", ([Width, 2], [6, 5, 4, 3, 2, 1]))]);

        float[] anchors = Store(package: package).Get("dark bottle");

        Assert.Equal([6f, 5, 4, 3, 2, 1], anchors);
        Assert.Empty(_computed);
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "key1")));
    }

    [Fact]
    public void A_name_that_the_package_lacks_is_computed()
    {
        string package = _folder.File("anchors.safetensors");
        SafetensorsFile.Write(package, [new("dark bottle", ([Width, 2], [6, 5, 4, 3, 2, 1]))]);

        float[] anchors = Store(package: package).Get("nut");

        Assert.Equal(Anchors, anchors);
    }

    [Fact]
    public void A_package_of_another_width_is_refused()
    {
        string package = _folder.File("anchors.safetensors");
        SafetensorsFile.Write(package, [new("nut", ([2, 2], [1, 2, 3, 4]))]);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Store(package: package));

        Assert.Equal(
            $"Tensor 'nut' in '{package}' has shape [2, 2], expected [3, 2]: the package was put together from different models, "
                + $"make it again.",
            refused.Message
        );
    }

    public enum Damage
    {
        Empty,
        Cut,
        OtherName,
        NoName,
        OtherShape,
        OtherTensor,
        NotFinite,
    }

    [Theory]
    [InlineData(Damage.Empty)]
    [InlineData(Damage.Cut)]
    [InlineData(Damage.OtherName)]
    [InlineData(Damage.NoName)]
    [InlineData(Damage.OtherShape)]
    [InlineData(Damage.OtherTensor)]
    [InlineData(Damage.NotFinite)]
    public void A_cached_file_that_is_not_right_is_computed_and_written_anew(Damage damage)
    {
        Store().Get("nut");
        string path = Assert.Single(Directory.GetFiles(Path.Combine(_folder.Path, "key1")));
        byte[] good = File.ReadAllBytes(path);
        Spoil(path, damage);
        _computed.Clear();

        float[] anchors = Store().Get("nut");

        Assert.Equal(Anchors, anchors);
        Assert.Equal(["nut"], _computed);
        Assert.Equal(good, File.ReadAllBytes(path));
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task Callers_at_the_same_time_share_one_computation()
    {
        const int callers = 8;
        using ManualResetEventSlim release = new();
        using CountdownEvent arrived = new(callers);
        AnchorStore store = Store(compute: name =>
        {
            release.Wait(TestContext.Current.CancellationToken);
            return Count(name);
        });
        Task<float[]>[] calls =
        [
            .. Enumerable
                .Range(0, callers)
                .Select(_ =>
                    Task.Factory.StartNew(
                        () =>
                        {
                            arrived.Signal();
                            return store.Get("nut");
                        },
                        TestContext.Current.CancellationToken,
                        TaskCreationOptions.LongRunning,
                        TaskScheduler.Default
                    )
                ),
        ];

        arrived.Wait(TestContext.Current.CancellationToken); // all are at the door; the computation, whoever began it, still waits
        release.Set();
        float[][] results = await Task.WhenAll(calls);

        Assert.All(results, r => Assert.Same(results[0], r));
        Assert.Single(_computed);
    }

    [Fact]
    public void A_computation_that_failed_is_tried_again()
    {
        bool fails = true;
        AnchorStore store = Store(compute: name => fails ? throw new TimeoutException("busy") : Count(name));
        Assert.Throws<TimeoutException>(() => store.Get("nut"));
        fails = false;

        float[] anchors = store.Get("nut");

        Assert.Equal(Anchors, anchors);
    }

    [Fact]
    public void A_computation_of_the_wrong_size_is_refused_and_not_kept()
    {
        AnchorStore store = Store(compute: _ => [1, 2]);

        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => store.Get("nut"));

        Assert.Equal("The anchors computed for 'nut' have 2 values, expected 6 for width 3.", refused.Message);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_costs_one_warning_and_nothing_else()
    {
        string blocked = _folder.Write("blocked", "a file where the folder should be"); // also stops root, whom permissions do not
        AnchorStore store = Store(folder: blocked);

        float[] nut = store.Get("nut");
        float[] bolt = store.Get("bolt");
        store.Get("nut");

        Assert.Equal(Anchors, nut);
        Assert.Equal(Anchors, bolt);
        Assert.Equal(2, _computed.Count);
        string warning = Assert.Single(_warnings);
        Assert.StartsWith($"Text anchors cannot be kept in '{Path.Combine(blocked, "key1")}'", warning, StringComparison.Ordinal);
        Assert.EndsWith("Make the folder writable, or name another with AACLIP_CACHE.", warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    public void A_key_that_leaves_the_folder_is_refused(string key)
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(() => Store(key));

        Assert.StartsWith($"The cache key '{key}' is not a folder name", refused.Message, StringComparison.Ordinal);
    }

    private AnchorStore Store(string key = "key1", string? package = null, string? folder = null, Func<string, float[]>? compute = null) =>
        new(package, folder ?? _folder.Path, key, Width, compute ?? Count, _warnings.Enqueue);

    private float[] Count(string name)
    {
        _computed.Enqueue(name);
        return [.. Anchors];
    }

    private static void Spoil(string path, Damage damage)
    {
        Dictionary<string, string> named = new() { ["class"] = "nut" };
        switch (damage)
        {
            case Damage.Empty:
                File.WriteAllBytes(path, []);
                break;
            case Damage.Cut:
                File.WriteAllBytes(path, File.ReadAllBytes(path)[..^4]);
                break;
            case Damage.OtherName:
                SafetensorsFile.Write(
                    path,
                    [new("anchors", ([3, 2], new float[6]))],
                    new Dictionary<string, string> { ["class"] = "bolt" }
                );
                break;
            case Damage.NoName:
                SafetensorsFile.Write(path, [new("anchors", ([3, 2], new float[6]))]);
                break;
            case Damage.OtherShape:
                SafetensorsFile.Write(path, [new("anchors", ([2, 3], new float[6]))], named);
                break;
            case Damage.OtherTensor:
                SafetensorsFile.Write(path, [new("other", ([3, 2], new float[6]))], named);
                break;
            case Damage.NotFinite:
                SafetensorsFile.Write(path, [new("anchors", ([3, 2], [0, 0, 0, 0, 0, float.NaN]))], named);
                break;
        }
    }
}
