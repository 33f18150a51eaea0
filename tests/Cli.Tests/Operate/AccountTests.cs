using AaClip.Cli.Operate;
using AaClip.Pipeline.Storage;

namespace AaClip.Cli.Tests.Operate;

public sealed class AccountTests
{
    [Theory]
    [InlineData("plant7", "https://plant7.blob.core.windows.net/", "https://plant7.queue.core.windows.net/")]
    [InlineData("https://plant7.blob.core.windows.net", "https://plant7.blob.core.windows.net/", "https://plant7.queue.core.windows.net/")]
    [InlineData(
        "https://plant7.blob.core.chinacloudapi.cn/",
        "https://plant7.blob.core.chinacloudapi.cn/",
        "https://plant7.queue.core.chinacloudapi.cn/"
    )]
    public void A_name_or_an_address_gives_the_addresses_of_blobs_and_queues(string account, string blobs, string queues)
    {
        StorageClients storage = Account.Open(Account.Settings(null, account));

        Assert.Equal(blobs, storage.Blobs.Uri.AbsoluteUri);
        Assert.StartsWith(queues, storage.Queue(QueueNames.Alerts).Uri.AbsoluteUri, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://plant7.blob.core.windows.net/?sig=SECRET")]
    [InlineData("http://plant7.blob.core.windows.net")]
    [InlineData("DefaultEndpointsProtocol=https;AccountName=plant7;AccountKey=SECRET")]
    [InlineData("https://SECRET.example.org")]
    public void Anything_else_is_refused_without_repeating_it(string account)
    {
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => Account.Settings(null, account));

        Assert.Contains("--connection", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_account_takes_the_place_of_the_environment_s_connection_string()
    {
        Assert.Null(Account.Settings("UseDevelopmentStorage=true", "plant7")[StorageConnection.Setting]);
    }
}
