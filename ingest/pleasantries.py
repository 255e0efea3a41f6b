"""What people say to be polite or to pass the time, which nobody has to remember."""

from __future__ import annotations

from ingest.phrases import sequence, whole

_DAY = "(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
GREETING = sequence(
    (
        "(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|night)|bye|goodbye)\\W* \\w+(?=\\W*$)|"
        "你好[，, ](?!我)\\w{1,3}(?=\\W*$)"
    ),
    "hi+|hello+|hey+|hiya|heya|howdy|yo|greetings|welcome(?: back)?|good ?(?:morning|afternoon|evening|day|night)",
    (
        "morning|mornin|afternoon|evening|gm|gn|goodbye|bye+(?: bye)?|see (?:you|ya)|cya|ttyl|talk (?:soon|"
        "later)|take care"
    ),
    f"happy (?:{_DAY}|new year|weekend|holidays|easter)|merry christmas|a?gain|until (?:tomorrow|next time)",
    "have a (?:good|great|nice|lovely) (?:day|one|weekend|evening|night|rest)|sleep well|to you too",
    ("there|all|everyone|everybody|team|folks|guys|bot|friend|buddy|mate|sunshine|my|dear|old|assistant|tomorrow|soon"),
    "long time no see|how are (?:you|things)(?: doing)?(?: today)?|how(?:'s| is) (?:it going|everything|your day)",
    (
        "what'?s up|nice to (?:see|meet) you|i'm (?:back|here|online)|i am (?:back|here)|(?:it's|it is) me|"
        "me again|good to be back"
    ),
    ("ready when you are|(?:are you )?ready(?: to (?:go|start|work))?|let's (?:go|start|begin|get (?:started|going))"),
    (
        "how have you been|how was your (?:day|weekend|night)|hope (?:you're|you are|all is) (?:doing )?well|"
        "rise and shine"
    ),
    (
        "(?:你|您|大家|各位|老师|早上|上午|中午|下午|晚上|同学们|朋友们)好|哈[喽啰罗咯]|嗨+|嘿+|早(?:上好|"
        "安)?|晚安|好久不见|再见|拜拜|回见"
    ),
    (
        "(?:明天|回头|下次|改天|下周|周一)见|最近(?:好吗|怎么样|还好吗)|吃了(?:吗|没)|我(?:又|"
        "先)?(?:回)?(?:来|上线|到)了|我(?:先)?(?:下|走|撤)了"
    ),
    (
        "(?:新年|周末|节日|中秋|春节|元旦|圣诞)(?:快乐|愉快)|欢迎回来|又见面了|开工(?:了|啦|吧)|"
        "祝你(?:今天)?(?:愉快|顺利|好梦)|好梦"
    ),
    "[呀啊哦呢哇啦～~吧嘛]+|大家|各位|小助手|助手|机器人|朋友|老朋友|今天(?:也)?(?:请)?(?:多多)?(?:关照|加油)",
)
ACK = sequence(
    (
        "no (?:problem|worries|rush|need|thanks|thank you)|(?:good|nice|great|awesome|fantastic) (?:job|"
        "work|one|stuff|idea|catch)"
    ),
    "(?:that|this|it) (?:did the trick|made my day|solved it|fixed it|was (?:it|helpful|quick|fast|great|perfect))",
    (
        "that'?s? all(?: for (?:now|today))?|(?:all )?(?:clear|clear now)|(?:you|we)'re (?:good|all set|"
        "done)|i'm (?:good|fine|happy|all set)"
    ),
    (
        "(?:ok(?:ay)?\\W+)?(?:go|let's) (?:for it|do (?:it|that|this))|fair enough|fair point|true|not bad|"
        "no doubt|deal|why not|as you (?:like|wish)"
    ),
    (
        "o?k(?:ay|k|ey)?|ok(?:ie)?(?: dokie?)?|sure(?: thing)?|y(?:es|ep|eah|up|ea)|no(?:pe| thanks)?|right|fine|"
        "alright|all right"
    ),
    (
        "(?:by|with|for|to) me|got (?:it|that)|gotcha|understood|noted|will do|roger|copy|that|perfect(?:ly)?|"
        "great|awesome"
    ),
    (
        "excellent|nice|cool|lovely|brilliant|amazing|wonderful|fantastic|superb|neat|sweet|splendid|bravo|super|"
        "beautiful"
    ),
    (
        "good (?:job|work|one|stuff|point|call|catch|idea|to (?:know|go|hear)|enough)|good|well done|"
        "looks? (?:good|great|fine|right)"
    ),
    (
        "lgtm|sounds? (?:good|great|fine|right|like a plan)|works?(?: for me| great| fine)|makes sense|agreed|"
        "i (?:agree|see|understand)"
    ),
    (
        "exactly|(?:just |exactly )?what i (?:needed|wanted|meant|was (?:looking|hoping) for)|absolutely|"
        "definitely|of course|indeed|correct"
    ),
    (
        "(?:that|this|it)(?:'s| is) (?:right|correct|fine|great|perfect|it|all|good|okay?|enough|helpful|clear|"
        "awesome|amazing)"
    ),
    (
        "that (?:helps|helped|works|worked|does it|will do)|(?:many |big |huge )?(?:thanks?|thx|thanx|tysm|"
        "ty)(?: you)?|cheers"
    ),
    (
        "(?:much |really |i )*appreciated?(?: (?:it|that|your help|the help))?|you(?:'re| are) (?:a |"
        "the )?(?:lifesaver|star|best|legend|genius|gem|hero|welcome)"
    ),
    (
        "you rock|(?:very|so) much|a (?:lot|bunch|million|ton)|tons|for now|for (?:the|your|all (?:the|"
        "your)) (?:quick |fast |kind )*(?:help|turnaround|reply|answer|response|support|patience|time|effort|"
        "update|info|explanation|reminder)"
    ),
    (
        "for (?:everything|helping|that|this|nothing)|no (?:problem|worries|rush|need)|np|nw|my pleasure|"
        "any ?time|go (?:ahead|on|for it)|please(?: do)?|do (?:it|that|so)"
    ),
    (
        "never ?mind|all (?:good|set|clear)|same here|me (?:too|neither)|likewise|ah+|oh+|aha|h+m+|um+|uh|well|"
        "so|then|and|now|just|really|very|it|is|too"
    ),
    (
        "(?:i'll|i will|let me) (?:look into|check|think about|get back to you on|have a look(?: at)?|see)(?: it|"
        " that| this)?(?: later| first)?|will check"
    ),
    (
        "(?:one|just a|give me a) (?:moment|sec|second|minute)|brb|phew|wow+|yay+|whew|ugh|done|bless you|"
        "carry on|continue|next|keep (?:it up|going)"
    ),
    (
        "好(?:的|滴|哒|呀|吧|嘞|勒|哦|啊|了)?|行(?:吧|的|啊)?|嗯+|唔|哦+|噢|喔|可以(?:的|了)?|成|"
        "收到(?:了)?|明白(?:了)?|了解(?:了)?|知道(?:了|啦)|懂了?|清楚了?"
    ),
    (
        "(?:非常|太|多|十分|真的?|很)?(?:感?谢谢?|感激)(?:你|您|大家|各位|啦|了|哈|呀|不尽|的?(?:帮助|帮忙|支持|"
        "回复|提醒))*|3q|辛苦(?:了|啦|你|您|大家)*|麻烦(?:你|您|了|啦)+|拜托了?"
    ),
    (
        "没(?:问题|事|关系|错)(?:的|儿)?|不(?:客气|用谢|用了?|错)|就(?:这样|这么办|这么定|按这个来|行)(?:吧|了)?|"
        "先这样(?:吧)?|对+(?:的|啊|呀|吧)?|是(?:的|啊|呀|吧|这样)|同意|赞(?:成|同)?|[太真很挺]?棒(?:了|极了)?"
    ),
    (
        "(?:太|真|挺|很)(?:好|棒|赞|厉害|牛|完美|有用|及时|不错)(?:了|啦|的)?|完美|厉害|牛|优秀|正(?:是|"
        "合)我(?:要|想要|需要|意)的?|帮(?:了)?(?:我)?大忙(?:了)?|搞定(?:了|啦)?|(?:回头|稍后|晚点|待会儿?|下次|"
        "改天)再(?:说|核|看|聊|弄|处理)(?:吧)?"
    ),
    (
        "稍等(?:一下|片刻)?|等(?:一下|会儿?)|我(?:先)?(?:看看|想想|看一下|研究一下|查一下)(?:再说)?|继续(?:吧)?|"
        "请(?:继续|便)?|那就(?:好|行)|你(?:看着办|真好|最好了)|[呀啊哦呢哇啦～~吧嘛哈的了]+|(?:就|那|先|我|你|您|"
        "也|都|很)(?=\\W|好|行|可|这|谢)"
    ),
)
_EVALUATION = (
    "(?:terrible|awful|great|good|bad|lovely|nice|horrible|delicious|gross|freezing|boiling|hot|cold|cosy|"
    "gloomy|gorgeous|beautiful|miserable|perfect|crazy|wild|slow|loud|amazing|disgusting|salty|bitter|grey|"
    "gray|windy|rainy|sunny|humid|nuts|funny|hilarious|long|quiet|boring|weird|brutal|rough)"
)
SMALLTALK = whole(
    (
        "(?:ugh|wow|man|gosh|oh|ah|well|phew|so)?\\W*(?:it's|it is|it was|what|such|that was|this is)(?: (?:a|an|"
        f"so|really|pretty|super|absolutely|way too|too|been))* (?:{_EVALUATION}|pouring|raining|snowing|hailing|"
        "storming|chilly|late|early|fun)(?: (?:a|an))?(?: (?:day|week|month|morning|night|weather|out|outside|"
        "here|again|today|tonight|already|sunset|view|weekend|year|one))*(?:\\W+(?:typical|again|ugh|isn't it|"
        "right|of course|as usual|as always|though|huh))*"
    ),
    (
        f"(?:phew|wow|ugh|man|gosh|oh)?\\W*what a(?:n)?(?: {_EVALUATION})? (?:day|week|month|year|morning|night|"
        "mess|ride|game|match|weekend|sunset|view|time|weather)"
    ),
    (
        "(?:the|this|today's)? ?(?:coffee|tea|food|lunch|dinner|breakfast|soup|weather|traffic|sun|rain|wind|"
        "wifi|air|sky|view|cake|snow|heat|office|canteen|commute|bus|train)(?: (?:here|outside|today|"
        "in the (?:office|canteen|kitchen)))*(?: (?:is|was|'s|tastes|looks|smells))(?: (?:so|really|pretty|too|"
        f"just|absolutely|very|kind of|quite))* {_EVALUATION}(?: (?:today|again|this (?:morning|week)|outside|"
        "as (?:always|usual)|here))*"
    ),
    (
        f"(?:ugh|oh|ah)?\\W*(?:{_DAY}|happy hour|tgif)\\W*(?:am i right|again|already|vibes|at last|finally|"
        "is here|feels|mood|oh well)*|(?:is it|almost|nearly|finally|thank god it's|can't believe it's|"
        f"it's)(?: (?:already|almost|finally))* (?:{_DAY}|the weekend|lunch ?time|the end of the week)(?: (?:yet|"
        "already|again))*"
    ),
    (
        "(?:i'm|i am|feeling|so)(?: (?:so|really|pretty|a bit|quite|super|totally|just|kind of))* (?:tired|"
        "sleepy|hungry|bored|exhausted|starving|freezing|melting|wiped|beat|excited|cold|hot|full|thirsty|"
        "laughing)(?: (?:today|again|already|now|right now|this morning|out loud))*"
    ),
    (
        "(?:i )?(?:need|could use|want)(?: (?:a|more|another|some|my|so much))* (?:coffee|tea|nap|break|drink|"
        "holiday|vacation|sleep|snack)(?: (?:now|first|badly|so much|right now|today))*|(?:time for|off to|"
        "going for|off for|grabbing|getting|fetching|back from)(?: (?:a|some|my))* (?:lunch|coffee|break|walk|"
        "nap|tea|dinner|bed|snack|drink)(?: (?:now|first|break))*"
    ),
    (
        "tell me a (?:\\w+ )?joke|how(?:'s| is) the weather(?: \\w+){0,3}|(?:so |ok |okay |right |"
        "now )*where were we|long (?:day|week|night)|that was (?:fun|close|quick|funny)|just kidding|(?:lo+l|"
        "lmao|rofl|ha(?:ha)+|he(?:he)+|xd)(?:\\W+(?:lo+l|lmao|true|same|right|yes|indeed|nice|good one|funny|"
        "so true|classic|oh no))*|you(?:'re| are) (?:so |very |really )?(?:funny|hilarious|silly|cute)|"
        "fingers crossed|time flies|small world"
    ),
    (
        "(?:今天|今儿|中午|晚上)+吃(?:什么|啥|点什么)(?:好)?(?:呢|呀|啊)?|(?:今天|今儿|外面|外头|最近|"
        "这(?:几)?天|昨晚|早上|窗外|这|又|天气|的|天|突然|终于|怎么)*(?:真是|真的|真|"
        "好|太|这么|有点儿?|越来越|又|可|开始|特别|非常|超)*(?:热|冷|闷|晒|潮|凉快|暖和|舒服|冻人|下(?:大|"
        "小|暴)?雨|下(?:大|小|暴)?雪|刮风|"
        "打雷|放晴|堵车?|大雨|堵)(?:死(?:我)?|得?不行|极)?(?:了|啦|啊|呀|呢|哦|吧|的)*"
    ),
    (
        "(?:我)?(?:今天|今儿|现在|都|已经|快|最近|又|昨晚)*(?:真的?|好|太|有点儿?|快要?|要|超|特别)*(?:累|困|饿|"
        "无聊|开心|烦|郁闷|难受|撑|渴|高兴|没睡好|想睡觉|想下班|想放假|睡不醒)(?:死(?:我)?|坏|得不行|翻|"
        "爆)?(?:了|啦|啊|呀|呢|哦|的)*"
    ),
    (
        "(?:食堂|公司|楼下|今天|今儿|中午|早上|晚上|这家?|的|那|家里|外卖)*(?:咖啡|外卖|午饭|晚饭|早饭|饭|面|菜|"
        "汤|奶茶|天气|空气|地铁|路上|空调|晚霞|夕阳|阳光|雪|雨|风|蛋糕)(?:今天|今儿|也|都|里|上|味道|的)*(?:真|"
        "好|太|有点儿?|特别|非常|超|挺|还)+(?:\\w{1,3})(?:了|啦|啊|呀|呢|哦)*"
    ),
    (
        "(?:又是|终于|总算|快到?|今天是?|怎么又|熬到)(?:周|星期|礼拜)[一二三四五六日天末](?:了|啦|啊|呀)*|"
        "(?:终于|快|总算|准备)?(?:放假|下班|午休|到饭点)(?:了|啦|咯|吧)+|(?:我)?(?:先)?(?:去|该|"
        "来)(?:吃(?:个)?(?:午|晚|早)?饭|喝(?:杯|口)?(?:咖啡|水|茶)|睡(?:觉|个?午觉)?|休息|溜达)(?:一下|"
        "一会儿?)?(?:了|啦|咯|去)*|(?:给我)?讲个笑话(?:吧|听听)?|时间过得真快|开个?玩笑(?:的|啦)?"
    ),
    "(?:哈|嘿|呵|嘻|hh|233|笑死)+\\W*(?:笑死|我|了|真|太|逗|好笑|有意思|搞笑|绝了|对|是|啊|好|吧|可爱|的|没错|[~～])*",
)
AMUSED = whole(
    ("(?:ha(?:ha)+|he(?:he)+|lo+l|lmao|rofl)\\W+[^.!?;:]{1,45}"),
    ("(?:哈哈+|嘿嘿+|呵呵+|嘻嘻+)\\W*[^。！？?；：，,]{1,14}"),
)
PASSING = whole(
    ("(?:just )?(?:a )?quick (?:hello|hi|hey)(?: \\w+){0,6}"),
    ("(?:thanks|thank you|thx|cheers|many thanks)(?: \\w+){0,3} for(?: [\\w'-]+){1,6}"),
)
