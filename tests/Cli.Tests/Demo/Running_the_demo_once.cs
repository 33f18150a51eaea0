using System.Diagnostics;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Demo;

/// <summary><c>aaclip run</c> without a terminal: storage, functions, cameras, alerts, and the end without Ctrl-C.</summary>
public sealed class Running_the_demo_once : IDisposable
{
    private readonly PhotoFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Scores_every_sample_copies_the_heatmaps_and_accounts_for_all()
    {
        for (int i = 1; i <= 6; i++)
            _folder.Photo($"samples/line{i % 2}/{i}.png", i);
        _folder.Write("samples/line1/broken.png", "no image"u8.ToArray());

        using Process process = Aaclip.Start(
            [
                "run",
                "--model",
                TinyPackage.Random(),
                "--samples",
                _folder.File("samples"),
                "--rate",
                "10/s",
                "--heatmaps",
                _folder.File("heatmaps"),
            ],
            cache: _folder.File("cache"),
            environment: [new("AACLIP_RUN_ONCE", "1")]
        );
        Aaclip.Result result = Aaclip.Finish(process);

        Assert.True(result.Code == 0, result.Output + result.Error);
        Assert.DoesNotContain("mean nothing", result.Output, StringComparison.Ordinal); // a model was given
        for (int i = 1; i <= 6; i++)
        {
            Assert.Contains($"line{i % 2}\t{i}.png\t", result.Output, StringComparison.Ordinal);
            Assert.True(File.Exists(_folder.File($"heatmaps/line{i % 2}/{i}.jpg")));
        }

        Assert.Contains("line1\tbroken.png\t\tfailed (unknown-format)\t", result.Output, StringComparison.Ordinal);
        Assert.Contains("7 images: 7 accounted for, 0 missing.", result.Lines);
        Assert.Equal("Everything is accounted for.", result.Lines[^1]);
        Assert.False(File.Exists(_folder.File("cache/up.json")));
    }

    [Fact]
    public void Without_a_model_it_takes_the_one_in_models_demo_where_it_is_started()
    {
        Directory.CreateDirectory(_folder.File("models/demo")); // no package: the error names what was taken
        _folder.Photo("samples/1.png", 1);

        using Process process = Aaclip.Start(
            ["run", "--samples", _folder.File("samples")],
            folder: _folder.Path,
            cache: _folder.File("cache")
        );
        Aaclip.Result result = Aaclip.Finish(process);

        Assert.Equal(1, result.Code);
        Assert.Contains($"'{_folder.File("models/demo")}' is not a model package", result.Error, StringComparison.Ordinal);
    }
}
