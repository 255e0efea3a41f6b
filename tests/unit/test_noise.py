"""Messages without information are dropped by what they are as a whole; everything else is kept."""

from __future__ import annotations

import time

import pytest

from app.domain.texts import SafeText
from ingest.noise import noise_family
from ingest.redaction import redact

NOISE = {
    "greeting": """
        Hey there, how's it going? | Good evening everyone | Hello Pilot! | Happy Friday, team! | Hi, I'm back
        See you tomorrow 👋 | Top of the morning to you | Hello from the train! | Howdy partner | Sweet dreams!
        您好 | 大家早上好 | 嗨，好久不见！ | 晚上好呀，吃了吗 | 拜拜，明天见 | 新年快乐！ | 早呀，新的一天 | 嗨，在忙吗
    """,
    "ack": """
        Great, thanks! | ok cool | Sounds like a plan. | Thanks for explaining that so clearly | No worries | 👍👍
        That's all for now, thanks | Great, I'll try that. | Fine, whatever you think is best. | Yup, that's the one.
        明白了，多谢 | 太好了，正是我想要的 | 嗯嗯，知道了 | 好的，我试试 | 行，就按你说的办 | 太感谢了，解决了
    """,
    "heartbeat": """
        PING? | keep-alive check, all good | hello? anyone there? | HEARTBEAT_OK | [heartbeat] tick 1042
        are you awake?
        在吗在吗 | 你还在线吗？ | 保活消息，请忽略 | 心跳检测正常 | ping，收到请回复
    """,
    "refusal": """
        I'm sorry, I have no record of that. | I couldn't find any information about your cousin.
        You haven't told me anything about your dog. | My memory contains nothing on that topic.
        I searched my memory but could not find anything related. | Nothing comes to mind about that.
        抱歉，我没有关于这个项目的记录。 | 我这里查不到相关内容。 | 很遗憾，我查不到这个联系人的资料。
    """,
    "meta": """
        What have you stored about me? | Do you still remember my birthday? | List all my memories
        Is my address stored?
        How many memories do you have? | Have I mentioned my job to you? | what did I tell you about the trip?
        你还记得我上次说的事吗 | 把你记住的内容都列出来 | 我之前跟你说过什么？ | 你对我了解多少？ | 我们上次聊到哪了？
    """,
    "diagnostic": """
        search for "rollback" returned nothing | recall finished: 3 hits in 21 ms | database connected, cache warm
        Index is up to date, 0 jobs pending | recall("dog food") => [] | embedding model loaded in 2.3 s
        检索到3条记录，用时15毫秒 | 索引服务已就绪，队列长度0 | 搜索“备份”返回0条结果 | 索引重建完成
    """,
    "smalltalk": """
        It's so hot today | ugh, Monday again | I'm starving | tell me a joke | My coffee went cold again | Time flies
        haha you got me there | The weather is awful today. | This week is dragging on forever | Off to lunch!
        今天好冷啊 | 困死我了 | 哈哈哈太逗了 | 外面的桂花好香 | 终于周五了 | 今天路上堵死了
    """,
}
KEPT = """
    Hi, my new number is 0171 555 33. | Thanks, and from now on call me Ben. | Ok we use pnpm now.
    I need tea, not coffee.
    Yes, the deadline is Friday. | Good morning meetings are cancelled. | Ping is blocked in the office network.
    The search returned nothing because the index was stale. | I don't remember names well, please repeat them.
    I have no children. | I don't know Rust. | Nothing beats tea for me. | haha, I'm allergic to peanuts | I quit.
    It's raining, so the match was moved to Sunday. | Do you know Anna? She is my new manager. | I have a good job.
    Remember that I am vegetarian. | Monday is my day off. | The queue length limit is 500. | Coffee makes me sleepy.
    My lunch break is at one. | I have no memory of my childhood home. | The cache is Redis. | We broke up.
    好的，密码每九十天换一次。 | 谢谢，我改名叫阿宁了。 | 你好，我叫小北。 | 哈哈，我其实不吃香菜。
    在吗？我换了手机号。
    心跳超时设为五秒。 | 没有记录日志是因为磁盘满了。 | 今天开始用新的分支规范。 | 检索用的是 BM25。 | 我不喜欢咖啡。
    没有测试就不许合并。 | 我周五不上班。 | 今天我生日。 | 记住我对虾过敏。 | 缓存时间五分钟。 | 索引每晚重建。
"""
# Pairs of words that can be read in two ways, repeated: what makes a careless pattern search for ever.
AMBIGUOUS = [
    "好的",
    "真的",
    "的",
    "ok ",
    " a",
    "haha ",
    "检索",
    "服务",
    "没有相关的",
    "sorry ",
    "你还记得",
    "i have no ",
    "(",
    '"',
]


def lines(table: str) -> list[str]:
    return [text.strip() for line in table.strip().splitlines() for text in line.split("|")]


@pytest.mark.parametrize(
    ("family", "text"), [(family, text) for family, table in NOISE.items() for text in lines(table)]
)
def test_a_message_without_information_is_noise(family: str, text: str) -> None:
    assert noise_family(redact(text)) is not None, family


@pytest.mark.parametrize("family", NOISE)
def test_most_noise_is_named_by_its_own_family(family: str) -> None:
    texts = lines(NOISE[family])

    assert sum(noise_family(redact(text)) == family for text in texts) >= 0.8 * len(texts)


@pytest.mark.parametrize("text", lines(KEPT))
def test_a_message_that_says_something_is_kept_however_it_begins(text: str) -> None:
    assert noise_family(redact(text)) is None


def test_several_sentences_are_noise_when_each_of_them_is() -> None:
    assert noise_family(redact("Got it. Talk soon!")) == "ack"
    assert noise_family(redact("Got it. The port is blocked.")) is None


def test_a_long_message_is_never_noise() -> None:
    assert noise_family(redact("thanks " * 40)) is None


@pytest.mark.parametrize("unit", AMBIGUOUS)
def test_no_text_takes_long_to_judge(unit: str) -> None:
    text = SafeText((unit * 160)[:159] + "x")
    start = time.process_time()

    noise_family(text)

    assert time.process_time() - start < 0.1
